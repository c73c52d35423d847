//! Checksums of a body: what a client declared, what was computed, and S3's words where they differ.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::ChecksumType;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use crate::store::{Algorithm, Checksum};
use crate::text;

/// Sets the one checksum field of an answer that `checksum` belongs in, and its type.
macro_rules! set_checksum {
    ($output:expr, $checksum:expr) => {{
        let value = Some($checksum.value.clone());
        match $checksum.algorithm {
            crate::store::Algorithm::Crc32 => $output.checksum_crc32 = value,
            crate::store::Algorithm::Crc32c => $output.checksum_crc32c = value,
            crate::store::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
            crate::store::Algorithm::Sha1 => $output.checksum_sha1 = value,
            crate::store::Algorithm::Sha256 => $output.checksum_sha256 = value,
        }
    }};
}
pub(super) use set_checksum;

/// Of the whole object, or of its parts' checksums.
pub(super) fn checksum_type(composite: bool) -> ChecksumType {
    ChecksumType::from_static(if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT })
}

impl Algorithm {
    const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As in `x-amz-sdk-checksum-algorithm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The algorithm of that name.
    pub fn parse(name: &str) -> S3Result<Self> {
        let known = Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name));
        known.ok_or_else(|| {
            let message = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
                           [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]";
            S3Error::with_message(S3ErrorCode::InvalidRequest, message)
        })
    }

    /// Whether checksums of parts can be joined to one of the whole; hashes cannot.
    pub fn is_crc(self) -> bool {
        matches!(self, Self::Crc32 | Self::Crc32c | Self::Crc64Nvme)
    }

    fn hasher(self) -> ChecksumHasher {
        let mut hasher = ChecksumHasher::default();
        match self {
            Self::Crc32 => hasher.crc32 = Some(Crc32::new()),
            Self::Crc32c => hasher.crc32c = Some(Crc32c::new()),
            Self::Crc64Nvme => hasher.crc64nvme = Some(Crc64Nvme::new()),
            Self::Sha1 => hasher.sha1 = Some(Sha1::new()),
            Self::Sha256 => hasher.sha256 = Some(Sha256::new()),
        }
        hasher
    }

    /// The checksum of parts' checksums, `-N` behind it.
    pub fn composite<'a>(self, parts: impl ExactSizeIterator<Item = &'a Checksum>) -> Checksum {
        let count = parts.len();
        let mut hasher = self.hasher();
        for part in parts {
            hasher.update(&STANDARD.decode(&part.value).unwrap_or_default());
        }
        Checksum { algorithm: self, value: format!("{}-{count}", finish(hasher)), composite: true }
    }
}

/// What the client said of the body it sends.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// The algorithm to keep; S3 computes CRC64NVME where the client names none.
    pub algorithm: Option<Algorithm>,
    value: Option<String>,
    md5: Option<[u8; 16]>,
}

impl Declared {
    /// A body of which nothing is said; this is the checksum to keep.
    pub fn kept_as(algorithm: Algorithm) -> Self {
        Self { algorithm: Some(algorithm), ..Self::default() }
    }

    /// Reads the headers; a trailing checksum names its algorithm here and its value after the body.
    pub fn from_headers(headers: &HeaderMap) -> S3Result<Self> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let mut found = Algorithm::ALL.into_iter().filter_map(|one| Some((one, header(one.header())?)));
        let first = found.next();
        if found.next().is_some() {
            return Err(s3_error!(
                InvalidRequest,
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
            ));
        }
        let md5 = header("content-md5").map(parse_md5).transpose()?;
        if let Some((algorithm, value)) = first {
            check_form(algorithm, value)?;
            return Ok(Self { algorithm: Some(algorithm), value: Some(value.to_owned()), md5 });
        }
        let trailer = header("x-amz-trailer").map(str::trim);
        let trailing = Algorithm::ALL.into_iter().find(|algorithm| Some(algorithm.header()) == trailer);
        let named = header("x-amz-sdk-checksum-algorithm").or_else(|| header("x-amz-checksum-algorithm"));
        let algorithm = trailing.map_or_else(|| named.map(Algorithm::parse).transpose(), |found| Ok(Some(found)))?;
        Ok(Self { algorithm, value: None, md5 })
    }

    /// Takes the checksum that came behind an aws-chunked body.
    pub fn add_trailer(&mut self, trailers: &HeaderMap) -> S3Result<()> {
        let Some(algorithm) = self.algorithm else { return Ok(()) };
        let value = trailers.get(algorithm.header()).and_then(|value| value.to_str().ok());
        if let Some(value) = value {
            check_form(algorithm, value)?;
            self.value = Some(value.to_owned());
        }
        Ok(())
    }

    /// Compares with what was computed.
    pub fn verify(&self, digests: &Digests) -> S3Result<()> {
        if self.md5.is_some_and(|md5| md5 != digests.md5) {
            return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."));
        }
        if self.value.as_ref().is_some_and(|value| *value != digests.checksum.value) {
            return Err(mismatch(digests.checksum.algorithm));
        }
        Ok(())
    }
}

/// S3's refusal of a checksum that does not match.
pub(super) fn mismatch(algorithm: Algorithm) -> S3Error {
    let message = format!("The {} you specified did not match the calculated checksum.", algorithm.name());
    S3Error::with_message(S3ErrorCode::BadDigest, message)
}

fn parse_md5(value: &str) -> S3Result<[u8; 16]> {
    let bytes = STANDARD.decode(value).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    bytes.ok_or_else(|| s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid."))
}

fn check_form(algorithm: Algorithm, value: &str) -> S3Result<()> {
    if STANDARD.decode(value).is_ok_and(|bytes| bytes.len() == algorithm.length()) {
        return Ok(());
    }
    let message = format!("Value for {} header is invalid.", algorithm.header());
    Err(S3Error::with_message(S3ErrorCode::InvalidRequest, message))
}

/// Digests of a body while it arrives: always MD5 (the ETag) and SHA-256 (Lambda's `CodeSha256`), and the checksum
/// to keep.
pub(super) struct Hasher {
    md5: Md5,
    sha256: Sha256,
    algorithm: Algorithm,
    checksum: ChecksumHasher,
}

/// The digests of a whole body.
#[derive(Debug)]
pub(super) struct Digests {
    pub md5: [u8; 16],
    /// In base64.
    pub sha256: String,
    pub checksum: Checksum,
}

impl Hasher {
    /// Starts with the checksum to keep.
    pub fn new(algorithm: Algorithm) -> Self {
        Self { md5: Md5::new(), sha256: Sha256::new(), algorithm, checksum: algorithm.hasher() }
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha256.update(bytes);
        // The SHA-256 that is computed anyway serves as the checksum too.
        if self.algorithm != Algorithm::Sha256 {
            self.checksum.update(bytes);
        }
    }

    /// The digests.
    pub fn finish(self) -> Digests {
        let sha256 = STANDARD.encode(self.sha256.finalize());
        let value = if self.algorithm == Algorithm::Sha256 { sha256.clone() } else { finish(self.checksum) };
        let checksum = Checksum { algorithm: self.algorithm, value, composite: false };
        Digests { md5: self.md5.finalize(), sha256, checksum }
    }
}

fn finish(hasher: ChecksumHasher) -> String {
    let sums = hasher.finalize();
    let values =
        [sums.checksum_crc32, sums.checksum_crc32c, sums.checksum_crc64nvme, sums.checksum_sha1, sums.checksum_sha256];
    values.into_iter().flatten().next().unwrap_or_default()
}

/// The ETag of an object uploaded in parts: the MD5 of the parts' MD5s, and their number.
pub(super) fn multipart_etag<'a>(parts: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = parts.len();
    let mut md5 = Md5::new();
    for etag in parts {
        md5.update(&unhex(etag));
    }
    format!("{}-{count}", text::hex(&md5.finalize()))
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks_exact(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (hyper::header::HeaderName::from_static(name), hyper::header::HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    fn digests(algorithm: Algorithm, body: &[u8]) -> Digests {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(body);
        hasher.finish()
    }

    #[test]
    fn the_sha256_is_base64() {
        let digests = digests(Algorithm::Sha256, b"");
        assert_eq!(digests.sha256, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(digests.checksum.value, digests.sha256);
        assert_eq!(text::hex(&digests.md5), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn a_wrong_checksum_is_a_bad_digest_and_a_malformed_one_invalid() {
        let declared = Declared::from_headers(&headers(&[("x-amz-checksum-crc32", "AAAAAA==")])).expect("declared");
        let error = declared.verify(&digests(Algorithm::Crc32, b"x")).expect_err("refused");
        assert_eq!(*error.code(), S3ErrorCode::BadDigest);
        let error = Declared::from_headers(&headers(&[("x-amz-checksum-crc32", "AAAA")])).expect_err("refused");
        assert_eq!(*error.code(), S3ErrorCode::InvalidRequest);
        let error = Declared::from_headers(&headers(&[("content-md5", "AAAA")])).expect_err("refused");
        assert_eq!(*error.code(), S3ErrorCode::InvalidDigest);
    }

    #[test]
    fn a_trailer_names_the_algorithm_before_the_body_and_the_value_after_it() {
        let mut declared =
            Declared::from_headers(&headers(&[("x-amz-trailer", "x-amz-checksum-crc32")])).expect("declared");
        assert_eq!(declared.algorithm, Some(Algorithm::Crc32));
        declared.add_trailer(&headers(&[("x-amz-checksum-crc32", "AAAAAA==")])).expect("a checksum");
        assert!(declared.verify(&digests(Algorithm::Crc32, b"x")).is_err());
        assert!(declared.verify(&digests(Algorithm::Crc32, b"")).is_ok());
    }

    #[test]
    fn the_etag_of_parts_carries_their_number() {
        let etag = multipart_etag(["d41d8cd98f00b204e9800998ecf8427e"].into_iter());
        assert_eq!(etag, "59adb24ef3cdbe0297f05b395827453f-1");
    }
}
