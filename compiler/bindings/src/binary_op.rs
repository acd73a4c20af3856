macro_rules! ops {
    ($($name:ident $doc:literal),* $(,)?) => {
        /// A function of two elements; see the kernel of the same name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum BinaryOp {
            $(#[doc = $doc] $name,)*
        }

        impl BinaryOp {
            /// Name of its type in `runtime_core::kernels`.
            pub const fn kernel_name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}
ops! {
    Add "`a + b`", Sub "`a - b`", Mul "`a * b`", Div "`a / b`", Pow "`a` to the power of `b`",
    Max "the greater", Min "the lesser", PRelu "`a` where not negative, else `a * b`",
    Mod "remainder with the sign of `b`", Fmod "remainder with the sign of `a`",
    Equal "`a == b`", Greater "`a > b`", GreaterOrEqual "`a >= b`", Less "`a < b`", LessOrEqual "`a <= b`",
    And "both, or bitwise", Or "either, or bitwise", Xor "exactly one, or bitwise",
    ShiftLeft "`a << b`", ShiftRight "`a >> b`",
}

impl BinaryOp {
    /// Whether the result is a boolean for numbers.
    pub const fn is_predicate(self) -> bool {
        matches!(
            self,
            Self::Equal | Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual
        )
    }
}
