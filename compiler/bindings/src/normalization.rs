use super::call_part::by_parts;
use super::{activate, bind};
use crate::{Args, KernelCall, Value};
use runtime_core::function::{AnyFunction, Identity};
use runtime_core::kernels::{
    self, GroupNormalization, InstanceNormalization, LayerNormalization, RmsNormalization, ScaleShift,
};

bind!(LayerNormalization, layer_normalization(0, 1, 2) -> (0); by_parts 1);
bind!(RmsNormalization, rms_normalization(0, 1) -> (0); by_parts 1);
bind!(InstanceNormalization, instance_normalization(0, 1, 2) -> (0));
bind!(GroupNormalization, group_normalization(0, 1, 2) -> (0));

impl KernelCall for ScaleShift<AnyFunction> {
    fn name(&self) -> &'static str {
        "scale_shift"
    }

    fn params(&self) -> Value {
        Value::of(self)
    }

    by_parts!(1);

    fn execute(&self, args: &mut Args<'_>) {
        let Self {
            outer,
            channels,
            inner,
            activation,
        } = *self;
        let y = args.y(0);
        let layer = ScaleShift {
            outer,
            channels,
            inner,
            activation: Identity,
        };
        kernels::scale_shift(args.simd, layer, args.x(0), args.x(1), args.x(2), y);
        activate(args.simd, activation, y);
    }
}
