/// Declares functions: the documented struct with its constants, its value in `f32`, its value in `f64`.
///
/// Functions that only clamp also have their bounds, after `in`. The bodies see the argument, the constants by name,
/// and the instruction set `A` (in the `f32` body).
macro_rules! functions {
    (@struct $(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        pub struct $name;
    };
    (@struct $(#[$meta:meta])* $name:ident { $($fields:tt)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        pub struct $name { $($fields)+ }
    };
    ($(
        $(#[$meta:meta])*
        $name:ident $({ $($(#[$field_meta:meta])* $field:ident),+ $(,)? })?
        |$x:ident| $single:expr, $double:expr $(, in $bounds:expr)?;
    )*) => {$(
        $crate::function::declare::functions! {
            @struct $(#[$meta])* $name $({ $($(#[$field_meta])* pub $field: f32),+ })?
        }

        impl $crate::function::Function for $name {
            #[inline(always)]
            fn eval<A: $crate::arch::Arch>(self, $x: f32) -> f32 {
                $(let Self { $($field),+ } = self;)?
                $single
            }

            #[inline(always)]
            fn eval64(self, $x: f64) -> f64 {
                $(
                    let Self { $($field),+ } = self;
                    $(let $field = f64::from($field);)+
                )?
                $double
            }

            $(
                #[inline(always)]
                fn bounds(self) -> Option<[f32; 2]> {
                    let bounds: fn(Self) -> [f32; 2] = $bounds;
                    Some(bounds(self))
                }
            )?
        }
    )*};
}

pub(super) use functions;
