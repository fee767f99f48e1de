//! One bit for each document.

/// Marks on numbered documents: a bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub(crate) fn with_len(len: u64) -> Self {
        Self { words: vec![0; len.div_ceil(64) as usize] }
    }

    pub(crate) fn set(&mut self, number: u64) {
        self.words[(number / 64) as usize] |= 1 << (number % 64);
    }

    pub(crate) fn get(&self, number: u64) -> bool {
        self.words[(number / 64) as usize] >> (number % 64) & 1 == 1
    }

    pub(crate) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_apart() {
        let mut bits = Bits::with_len(130);
        for number in [0, 63, 64, 129] {
            assert!(!bits.get(number));
            bits.set(number);
        }
        assert!((0..130).all(|number| bits.get(number) == [0, 63, 64, 129].contains(&number)));
        assert_eq!((bits.count(), Bits::with_len(0).count()), (4, 0));
    }
}
