//! Buffers that are used again. A fresh large buffer costs a page fault every 4 KiB, which on small machines is more
//! than writing it.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Unused buffers, and how much memory is and was in use.
struct Pool {
    free: Vec<Vec<f32>>,
    free_floats: usize,
    used_floats: usize,
    used_floats_max: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: Vec::new(), free_floats: 0, used_floats: 0, used_floats_max: 0 });

/// Numbers with unspecified values; returns to the pool when dropped.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// At least `length` numbers.
    data: Vec<f32>,
    length: usize,
}

/// A buffer of `length` numbers whose values are left from an earlier use.
pub(crate) fn take(length: usize) -> Buffer {
    let found = POOL.lock().unwrap_or_else(PoisonError::into_inner).take(length);
    Buffer { data: found.unwrap_or_else(|size| vec![0.0; size]), length }
}

impl Pool {
    /// The smallest unused buffer that is large enough, unless it is much too large; else the size of one to be made.
    fn take(&mut self, length: usize) -> Result<Vec<f32>, usize> {
        let fits = |size: usize| size >= length && size <= length.saturating_mul(2);
        let sizes = self.free.iter().map(Vec::len).enumerate();
        let best = sizes.filter(|&(_, size)| fits(size)).min_by_key(|&(_, size)| size).map(|(index, _)| index);
        let found = match best {
            Some(index) => {
                let buffer = self.free.swap_remove(index);
                self.free_floats -= buffer.len();
                Ok(buffer)
            }
            None => Err(size_class(length)),
        };
        self.used_floats += found.as_ref().map_or_else(|size| *size, Vec::len);
        self.used_floats_max = self.used_floats_max.max(self.used_floats);
        self.make_way();
        found
    }

    fn put(&mut self, data: Vec<f32>) {
        self.used_floats -= data.len();
        self.free_floats += data.len();
        self.free.push(data);
        self.make_way();
    }

    /// Little more is held than was once needed at the same time: without any slack a small buffer pushes out the
    /// largest. Of those that must go the smallest go first, since to make one again costs by its size.
    fn make_way(&mut self) {
        while self.used_floats + self.free_floats > with_slack(self.used_floats_max) {
            let smallest = self.free.iter().map(Vec::len).enumerate().min_by_key(|&(_, size)| size);
            let Some((index, size)) = smallest else { break };
            self.free.swap_remove(index);
            self.free_floats -= size;
        }
    }
}

/// What may be held, in use or not, where so much was needed at the same time.
pub(crate) fn with_slack(floats: usize) -> usize {
    floats + floats / 8
}

/// The next of eight sizes between a power of two and the next, so that a batch with a few more tokens than the last one
/// finds the buffers of that one large enough.
fn size_class(length: usize) -> usize {
    let step = (length.next_power_of_two() / 16).max(1);
    length.next_multiple_of(step)
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        if !data.is_empty() {
            POOL.lock().unwrap_or_else(PoisonError::into_inner).put(data);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.data[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.data[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_has_the_length_asked_for() {
        for length in [0, 1, 1000, 700, 1001, 3] {
            let mut buffer = take(length);
            assert_eq!(buffer.len(), length);
            buffer.fill(1.0);
        }
    }

    #[test]
    fn size_classes_waste_an_eighth_at_most() {
        for length in 0..5000 {
            let size = size_class(length);
            assert!(size >= length && size - length <= length / 8, "{length}: {size}");
        }
        assert_eq!(size_class(1_047_040), size_class(1_048_064));
        assert_eq!([9, 17, 33].map(size_class), [9, 18, 36]);
    }

    /// Sizes of a step at 250,002 pieces, whose largest buffer a small one once pushed out in every step.
    #[test]
    fn a_step_like_the_last_one_makes_no_large_buffer() {
        let mut pool = Pool { free: Vec::new(), free_floats: 0, used_floats: 0, used_floats_max: 0 };
        let mut made = Vec::new();
        for step in 0..6 {
            let rows = 152 + step % 3;
            let (mut held, before) = (Vec::new(), made.len());
            for length in [262_144; 20].into_iter().chain([rows * 250_002]).chain([262_144; 9]).chain([rows * 256; 4]) {
                held.push(pool.take(length).unwrap_or_else(|size| {
                    made.push(size);
                    vec![0.0; size]
                }));
                if length > 1 << 20 || held.len() % 5 == 0 {
                    pool.put(held.remove(0));
                }
            }
            held.into_iter().rev().for_each(|buffer| pool.put(buffer));
            assert!(pool.used_floats == 0 && pool.free_floats <= with_slack(pool.used_floats_max));
            let large = made[before..].iter().filter(|size| **size > 1 << 20).count();
            assert!(step == 0 || large == 0, "step {step} made {:?}", &made[before..]);
        }
    }
}
