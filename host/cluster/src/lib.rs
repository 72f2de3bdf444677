//! Queries with UDFs on a Ballista cluster.
