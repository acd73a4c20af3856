use super::*;

macro_rules! any {
    ($(#[$meta:meta])* $any:ident: $($name:ident)*) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
        pub enum $any {
            $(#[doc = concat!("[`", stringify!($name), "`]")] $name($name),)*
        }

        impl Function for $any {
            #[inline(always)]
            fn eval<A: Arch>(self, x: f32) -> f32 {
                match self {
                    $(Self::$name(function) => function.eval::<A>(x),)*
                }
            }

            #[inline(always)]
            fn eval_all<A: Arch>(self, x: &[f32], y: &mut [f32]) {
                match self {
                    $(Self::$name(function) => function.eval_all::<A>(x, y),)*
                }
            }

            #[inline(always)]
            fn eval_in_place<A: Arch>(self, y: &mut [f32]) {
                match self {
                    $(Self::$name(function) => function.eval_in_place::<A>(y),)*
                }
            }

            fn eval64(self, x: f64) -> f64 {
                match self {
                    $(Self::$name(function) => function.eval64(x),)*
                }
            }
        }

        $(
            impl From<$name> for $any {
                fn from(function: $name) -> Self {
                    Self::$name(function)
                }
            }
        )*
    };
}

any! {
    /// Any of the functions, chosen at run time: what the host executor passes to a kernel.
    AnyFunction:
    Identity Relu Clip LeakyRelu Elu Selu Celu ThresholdedRelu HardSigmoid HardSwish Sigmoid Silu Swish Mish Tanh
    Softplus Softsign Gelu GeluTanh Erf Exp Log Sqrt Square Reciprocal Neg Abs Floor Ceil Round Sign Sin Cos Tan Asin
    Acos Atan Sinh Cosh Asinh Acosh Atanh Shrink
}

any! {
    /// Any of the functions of a recurrent layer's gates.
    AnyGateFunction:
    Affine Elu HardSigmoid LeakyRelu Relu ScaledTanh Sigmoid Softplus Softsign Tanh ThresholdedRelu
}
