//! Ids of traces and spans: random, so that no two services make the same.

use std::hash::{BuildHasher, RandomState};

/// Makes ids at the cost of a few multiplications.
pub(super) struct Ids {
    /// From the system's generator, once: the fast one's threads are seeded by the clock, and two pods may start at the
    /// same time.
    salt: u64,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self { salt: RandomState::new().hash_one(std::process::id()) }
    }

    pub(super) fn trace(&self) -> u128 {
        u128::from(self.span()) << 64 | u128::from(fastrand::u64(..))
    }

    /// Never 0, which stands for none.
    pub(super) fn span(&self) -> u64 {
        (fastrand::u64(..) ^ self.salt).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_also_where_the_fast_generator_repeats_itself() {
        let [one, other] = [(); 2].map(|()| {
            fastrand::seed(7);
            let ids = Ids::new();
            [ids.trace(), ids.span().into(), ids.trace()]
        });
        let all: std::collections::HashSet<u128> = one.into_iter().chain(other).collect();
        assert_eq!(all.len(), 6);
    }
}
