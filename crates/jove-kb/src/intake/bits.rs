//! A set of small numbers.

/// One bit a number.
#[derive(Clone, Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// Adds a number; whether it was not in.
    pub(crate) fn set(&mut self, number: u32) -> bool {
        let (word, bit) = (number as usize / 64, 1 << (number % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let fresh = self.0[word] & bit == 0;
        self.0[word] |= bit;
        fresh
    }

    /// Whether a number is in.
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_in_once() {
        let mut bits = Bits::default();
        assert!(!bits.contains(1_000_000));
        assert!(bits.set(63) && bits.set(64) && !bits.set(63));
        assert!(bits.contains(64) && !bits.contains(65));
    }
}
