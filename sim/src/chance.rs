//! Numbers from a seed: the same for ever and on every machine.

/// Steele, Lea and Flood's generator, "Fast splittable pseudorandom number generators" (2014).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// One that begins here.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The one of a life: lives of one seed have nothing in common.
    #[must_use]
    pub fn of_life(seed: u64, life: u64) -> Self {
        let mut mixed = Self(seed);
        let seed = mixed.draw();
        Self(seed ^ life.wrapping_mul(0xd129_0d3f_8b2e_5a47))
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; the slight bias does not matter here.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.draw() % u64::from(bound.max(1))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut chance = Chance::new(1_234_567);
        assert_eq!(chance.draw(), 6_457_827_717_110_365_317);
        assert_eq!(chance.draw(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn lives_of_one_seed_differ() {
        let first = |life| Chance::of_life(7, life).draw();
        assert_ne!(first(0), first(1));
        assert_eq!(first(3), first(3));
    }
}
