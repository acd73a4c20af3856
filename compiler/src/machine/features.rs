use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! features {
    ($($(#[$doc:meta])* $feature:ident = $name:literal,)*) => {
        /// An extension of an instruction set, as far as a choice in the compiler depends on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Feature {
            $($(#[$doc])* $feature,)*
        }

        impl Feature {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$feature),*];

            /// The name in `--target NAME+FEATURE` and in JSON.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$feature => $name,)*
                }
            }
        }
    };
}

features! {
    /// A multiplication of 32-bit integers.
    Multiply = "multiply",
    /// A multiplication of 32-bit integers with all 64 bits of the product.
    LongMultiply = "long-multiply",
    /// A division of 32-bit integers.
    Divide = "divide",
    /// Arm: sums of two products of halfwords in one instruction.
    Dsp = "dsp",
    /// Arm M profile: vectors of 128 bits.
    Mve = "mve",
    /// Instructions for `f32`.
    Fpu = "fpu",
    /// Instructions for `f64`.
    Double = "double",
    /// Instructions for `f16`.
    Fp16 = "fp16",
    /// Arm A profile: vectors of 128 bits.
    Neon = "neon",
    /// Arm: sums of four products of bytes in one instruction (SDOT).
    DotProduct = "dot-product",
    /// x86: vectors of 256 bits and a fused multiply-add.
    Avx2 = "avx2",
    /// x86: vectors of 512 bits.
    Avx512 = "avx512",
    /// x86: sums of four products of bytes in one instruction.
    Vnni = "vnni",
    /// WebAssembly: vectors of 128 bits.
    Simd128 = "simd128",
}

/// A set of features.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Features(u32);

impl Features {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// The set of these.
    pub const fn of(features: &[Feature]) -> Self {
        let (mut bits, mut index) = (0, 0);
        while index < features.len() {
            bits |= 1 << features[index] as u32;
            index += 1;
        }
        Self(bits)
    }

    /// Whether `feature` is in the set.
    pub fn has(self, feature: Feature) -> bool {
        self.0 & 1 << feature as u32 != 0
    }

    /// Adds `feature`.
    pub fn add(&mut self, feature: Feature) {
        self.0 |= 1 << feature as u32;
    }

    /// The features in the set.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.iter().copied().filter(move |feature| self.has(*feature))
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Features {
    /// The list of names.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Feature::name))
    }
}
