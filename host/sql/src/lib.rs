//! Registered UDFs as SQL functions in DataFusion.
