//! Bodies that are packed with gzip, unpacked part by part as they arrive.
//!
//! A gzip file may have several members, and so may a body: all of them are its content, and nothing
//! else may follow them.

use std::io::Write;

use axum::http::StatusCode;
use flate2::write::MultiGzDecoder;

use crate::error::ApiError;

/// How much is unpacked at once, in packed bytes: at most a thousand times as much comes out.
pub(crate) const PART: usize = 512;

/// A body that is being unpacked.
#[derive(Debug)]
pub(crate) struct Unpacking {
    decoder: MultiGzDecoder<Vec<u8>>,
    is_empty: bool,
}

impl Unpacking {
    pub(crate) fn new() -> Self {
        Self {
            decoder: MultiGzDecoder::new(Vec::new()),
            is_empty: true,
        }
    }

    /// Takes the next packed bytes, at most [`PART`] of them, and gives what is unpacked since the
    /// last call.
    ///
    /// # Errors
    ///
    /// 400 if they are not gzip.
    pub(crate) fn next(&mut self, packed: &[u8]) -> Result<&[u8], ApiError> {
        debug_assert!(packed.len() <= PART, "{}", packed.len());
        self.is_empty &= packed.is_empty();
        self.decoder.get_mut().clear();
        let unpacked = self.decoder.write_all(packed);
        unpacked.map_err(|error| broken(&error.to_string()))?;
        Ok(self.decoder.get_ref())
    }

    /// The remaining output, after all packed bytes were taken.
    ///
    /// # Errors
    ///
    /// 400 if the last member is not whole.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, ApiError> {
        self.decoder.get_mut().clear();
        // A request may name the encoding of a body that it does not have.
        if self.is_empty {
            return Ok(Vec::new());
        }
        let rest = self.decoder.finish();
        rest.map_err(|_| broken("its end is missing, or its checksum is wrong"))
    }
}

fn broken(reason: &str) -> ApiError {
    let reason = format!("cannot unpack the body with gzip: {reason}: pack it again");
    ApiError::new(StatusCode::BAD_REQUEST, "parse_exception", reason)
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("memory takes all");
        encoder.finish().expect("memory takes all")
    }

    fn unpacked(packed: &[u8], part: usize) -> Result<Vec<u8>, String> {
        let unpack = || {
            let mut unpacking = Unpacking::new();
            let mut all = Vec::new();
            for part in packed.chunks(part) {
                all.extend(unpacking.next(part)?);
            }
            all.extend(unpacking.finish()?);
            Ok::<_, ApiError>(all)
        };
        unpack().map_err(|error| error.reason().to_owned())
    }

    #[test]
    fn all_members_are_the_body_however_they_are_cut() {
        let members = [packed(b"one"), packed(b""), packed(&[b' '; 100_000])].concat();
        let mut expected = b"one".to_vec();
        expected.resize(100_003, b' ');
        for part in [1, 7, PART] {
            assert_eq!(unpacked(&members, part).as_ref(), Ok(&expected), "{part}");
        }
        assert_eq!(unpacked(b"", 1), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_gzip_is_refused_also_behind_a_member() {
        let member = packed(b"some text");
        let refused = |bytes: &[u8]| unpacked(bytes, PART).expect_err("it is refused");
        insta::assert_snapshot!(refused(b"{\"query\": {}}"), @"cannot unpack the body with gzip: invalid gzip header: pack it again");
        let garbage = [&member[..], b"garbage behind"].concat();
        insta::assert_snapshot!(refused(&garbage), @"cannot unpack the body with gzip: invalid gzip header: pack it again");
        insta::assert_snapshot!(refused(&member[..20]), @"cannot unpack the body with gzip: its end is missing, or its checksum is wrong: pack it again");
        let twice = [&member[..], &member[..5]].concat();
        insta::assert_snapshot!(refused(&twice), @"cannot unpack the body with gzip: its end is missing, or its checksum is wrong: pack it again");
        let mut changed = member.clone();
        let checksum = changed.len() - 8;
        changed[checksum] ^= 1;
        insta::assert_snapshot!(refused(&changed), @"cannot unpack the body with gzip: its end is missing, or its checksum is wrong: pack it again");
    }
}
