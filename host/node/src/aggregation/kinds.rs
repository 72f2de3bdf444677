//! The kinds of aggregations that there are, and what each takes.

/// A kind of aggregation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its name in a request, and the engine's.
    pub(super) name: &'static str,
    /// The keys that it takes.
    pub(super) known: &'static [&'static str],
    /// Whether texts can be its values.
    pub(super) takes_texts: bool,
    /// Whether it puts documents into buckets, in which others can lie.
    pub(super) has_buckets: bool,
}

/// What values come from: one of these.
pub(super) const SOURCES: &[&str] = &["field", "expression", "wasm_udf"];

/// The names, in their order.
pub(super) const NAMES: &[&str] = &[
    "aggs",
    "avg",
    "cardinality",
    "date_histogram",
    "extended_stats",
    "histogram",
    "max",
    "min",
    "percentiles",
    "range",
    "stats",
    "sum",
    "terms",
    "value_count",
];

const METRIC: &[&str] = &["field", "expression", "wasm_udf", "missing"];

const KINDS: &[Kind] = &[
    metric("avg"),
    of_any("cardinality"),
    Kind {
        name: "date_histogram",
        takes_texts: false,
        known: &[
            "field",
            "expression",
            "wasm_udf",
            "fixed_interval",
            "offset",
            "min_doc_count",
            "hard_bounds",
            "extended_bounds",
            "keyed",
        ],
        has_buckets: true,
    },
    metric("extended_stats"),
    Kind {
        name: "histogram",
        takes_texts: false,
        known: &[
            "field",
            "expression",
            "wasm_udf",
            "interval",
            "offset",
            "min_doc_count",
            "hard_bounds",
            "extended_bounds",
            "keyed",
        ],
        has_buckets: true,
    },
    metric("max"),
    metric("min"),
    Kind {
        name: "percentiles",
        takes_texts: false,
        known: &[
            "field",
            "expression",
            "wasm_udf",
            "percents",
            "keyed",
            "missing",
        ],
        has_buckets: false,
    },
    Kind {
        name: "range",
        takes_texts: false,
        known: &["field", "expression", "wasm_udf", "ranges", "keyed"],
        has_buckets: true,
    },
    metric("stats"),
    metric("sum"),
    Kind {
        name: "terms",
        takes_texts: true,
        known: &[
            "field",
            "expression",
            "wasm_udf",
            "size",
            "shard_size",
            "min_doc_count",
            "order",
            "missing",
        ],
        has_buckets: true,
    },
    of_any("value_count"),
];

const fn metric(name: &'static str) -> Kind {
    Kind {
        name,
        known: METRIC,
        takes_texts: false,
        has_buckets: false,
    }
}

const fn of_any(name: &'static str) -> Kind {
    Kind {
        takes_texts: true,
        ..metric(name)
    }
}

impl Kind {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }
}
