//! Any bytes as a search, and as documents: they are refused with an error that can be shown, or
//! the search runs. The two are parted by the first NUL byte; without one, two documents are there.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use whittle_fuzz::assert_shown;
use whittle_host::{Accessor, Budget, QueryContext, Udf};
use whittle_node::{Documents, SearchRequest, Udfs, search};
use whittle_tests::{ByHand, engine};

static UDFS: LazyLock<Udfs> = LazyLock::new(|| {
    let engine = engine(Accessor::Composed);
    let udf = Udf::new(&engine, &ByHand::default().component()).expect("registered");
    Udfs::new([udf]).expect("one")
});

const DOCUMENTS: &[u8] = b"{\"title\": \"a\", \"price\": 1.5}\n{\"title\": [null], \"price\": {}}";

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let request = parts.next().unwrap_or_default();
    let documents = parts.next().unwrap_or(DOCUMENTS);
    let documents = Documents::read(documents, None).inspect_err(|error| assert_shown(error));
    let request = SearchRequest::parse(request).inspect_err(|error| assert_shown(error));
    let (Ok(documents), Ok(request)) = (documents, request) else {
        return;
    };
    let query = QueryContext::new(Budget::default());
    match search(&documents, &request, &UDFS, &query, |_| ()) {
        Ok(response) => assert!(response.hits.hits.len() <= request.size),
        Err(error) => assert_shown(&error),
    }
});
