//! When two worlds are alike: if they differ only in when they are, and in what their nonces are called.
//!
//! Time goes on for ever and each write of the lock has a nonce of its own, so no two worlds of a long schedule are the
//! same. But machines only ask how far a moment is from now, up to the longest of their durations, and whether two
//! entity tags are equal. So each moment counts as its distance from now, each nonce as its place among those that
//! occur: without a limit of time there are then finitely many worlds.

use std::hash::{Hash, Hasher};

use layership_protocol::{Etag, Nonce, Time};

/// The first moment of every world. Nothing else that is hashed is a number near it.
pub const START: u64 = 1 << 40;
const MOMENTS: std::ops::Range<u64> = START - (1 << 30)..START + (1 << 30);
/// Nothing else that is hashed is a number above it.
const NONCES: u64 = 1 << 50;

pub fn time(tick: u64) -> Time {
    Time::from_millis(tick)
}

pub fn nonce(run: usize, writes: u64) -> Nonce {
    Nonce(NONCES + ((run as u64) << 40) + writes)
}

/// Entity tags are made from the content, and each content has a nonce of its own.
pub fn etag(nonce: Nonce) -> Etag {
    nonce.0.to_string().into()
}

/// The nonce of an entity tag.
fn nonce_of(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.len() == 16 && bytes.iter().all(u8::is_ascii_digit);
    digits.then(|| bytes.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// Something that makes no difference.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aside<T>(pub T);

impl<T> Hash for Aside<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl<T> PartialEq for Aside<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Aside<T> {}

/// Hashes a world as seen from its own moment.
pub struct FromNow<'a, H> {
    pub hasher: &'a mut H,
    pub now: u64,
    /// Moments that are further back than this are all alike: no duration of the model is as long.
    pub long_ago: u64,
    /// Nonces in the order in which they occurred, so many of them. No vector: each hash would allocate.
    names: [u64; 24],
    known: usize,
}

impl<'a, H: Hasher> FromNow<'a, H> {
    pub fn new(hasher: &'a mut H, now: u64, long_ago: u64) -> Self {
        Self { hasher, now, long_ago, names: [0; 24], known: 0 }
    }

    fn place(&mut self, name: u64) -> u64 {
        let found = self.names[..self.known].iter().position(|other| *other == name);
        found.unwrap_or_else(|| {
            self.names[self.known] = name;
            self.known += 1;
            self.known - 1
        }) as u64
    }
}

impl<H: Hasher> Hasher for FromNow<'_, H> {
    fn finish(&self) -> u64 {
        self.hasher.finish()
    }

    fn write(&mut self, bytes: &[u8]) {
        match nonce_of(bytes) {
            Some(nonce) => self.write_u64(nonce),
            None => self.hasher.write(bytes),
        }
    }

    fn write_u64(&mut self, number: u64) {
        let number = match number {
            moment if MOMENTS.contains(&moment) => moment.max(self.now - self.long_ago).wrapping_sub(self.now),
            nonce if nonce >= NONCES => self.place(nonce),
            other => other,
        };
        self.hasher.write_u64(number);
    }

    // What is no moment and no nonce, and nearly all of what is hashed: by default it would be looked at as bytes.
    fn write_u8(&mut self, number: u8) {
        self.hasher.write_u8(number);
    }

    fn write_u32(&mut self, number: u32) {
        self.hasher.write_u32(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.hasher.write_usize(number);
    }

    fn write_isize(&mut self, number: isize) {
        self.hasher.write_isize(number);
    }
}

/// A hash that is good enough to choose by, and costs next to nothing.
#[derive(Default)]
pub struct Lot(u64);

impl Hasher for Lot {
    fn finish(&self) -> u64 {
        self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}
