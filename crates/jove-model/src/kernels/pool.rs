//! Buffers that are used again. A fresh large buffer costs a page fault every 4 KiB, which on small machines is more
//! than writing it.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Buffers that nobody uses, and how much memory is and was in use.
struct Pool {
    free: Vec<Vec<f32>>,
    free_floats: usize,
    used_floats: usize,
    used_floats_max: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: Vec::new(), free_floats: 0, used_floats: 0, used_floats_max: 0 });

/// Numbers of no known value; goes back to the pool when dropped.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    data: Vec<f32>,
}

/// A buffer of `length` numbers whose values are left from an earlier use.
pub(crate) fn take(length: usize) -> Buffer {
    let found = {
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        pool.used_floats += length;
        pool.used_floats_max = pool.used_floats_max.max(pool.used_floats);
        // The smallest that is large enough, unless it is much too large.
        let fits = |buffer: &&(usize, usize)| buffer.1 >= length && buffer.1 <= length.saturating_mul(2);
        let sizes: Vec<(usize, usize)> = pool.free.iter().map(Vec::capacity).enumerate().collect();
        let best = sizes.iter().filter(fits).min_by_key(|(_, capacity)| *capacity).map(|(index, _)| *index);
        best.map(|index| {
            let buffer = pool.free.swap_remove(index);
            pool.free_floats -= buffer.capacity();
            buffer
        })
    };
    let data = match found {
        Some(mut data) => {
            data.resize(length, 0.0);
            data
        }
        None => fresh(length),
    };
    Buffer { data }
}

/// A new buffer. Large ones get some room, since the next batch may need a little more; unused ones that were too small
/// make way, so that no more is held than was once needed at the same time.
fn fresh(length: usize) -> Vec<f32> {
    const LARGE: usize = 1 << 20;
    let room = if length >= LARGE { length / 8 } else { 0 };
    {
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        pool.free.sort_by_key(Vec::capacity);
        while pool.used_floats + pool.free_floats > pool.used_floats_max {
            let Some(buffer) = pool.free.pop() else { break };
            pool.free_floats -= buffer.capacity();
        }
    }
    let mut data = Vec::with_capacity(length + room);
    data.resize(length, 0.0);
    data
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        pool.used_floats = pool.used_floats.saturating_sub(data.len());
        // What lies about unused is never more than what was once needed at the same time.
        if data.capacity() > 0 && pool.free_floats + data.capacity() <= pool.used_floats_max {
            pool.free_floats += data.capacity();
            pool.free.push(data);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.data
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }
}

/// Gives all unused buffers back to the system.
pub(crate) fn clear() {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    pool.free.clear();
    pool.free_floats = 0;
    pool.used_floats_max = pool.used_floats;
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
        clear();
        assert_eq!(take(5).len(), 5);
    }
}
