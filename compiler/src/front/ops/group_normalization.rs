use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::{cast, channels_last, filled, in_f32, reshaped, stash_type};
use crate::ir::primitives::{Binary, BinaryOp, GroupNormalization};
use crate::ir::{OpError, ValueId, op_error};

/// Normalises each group of channels of each image, then scales and shifts; by group before opset 21, by channel since.
pub(super) const GROUP_NORMALIZATION: OperatorDef = OperatorDef {
    name: "GroupNormalization",
    domain: Domain::Onnx,
    versions: &[18, 21],
    limits: "computed in float32",
    read: |cx| {
        let epsilon = cx.attributes.float("epsilon", 1e-5)?;
        let groups = usize::try_from(cx.attributes.required_int("num_groups")?).unwrap_or(0);
        stash_type(cx)?;
        let ty = cx.ty(0)?;
        let Some(channels) = ty.shape.get(1).copied() else {
            return Err(op_error(format!("the input {ty} must have a batch and channels")));
        };
        if groups == 0 || !channels.is_multiple_of(groups) {
            return Err(op_error(format!(
                "{channels} channels do not divide into num_groups = {groups}"
            )));
        }
        let x = in_f32(cx, 0)?;
        let (mut scale, mut bias) = (in_f32(cx, 1)?, in_f32(cx, 2)?);
        if cx.opset() < 21 {
            scale = repeated(cx, scale, groups, channels)?;
            bias = repeated(cx, bias, groups, channels)?;
        }
        let y = channels_last(cx, x, |cx, x| {
            cx.add(GroupNormalization { groups, epsilon }, &[x, scale, bias])
        })?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

/// Expands per-group values to per-channel values.
fn repeated(cx: &mut NodeContext<'_>, value: ValueId, groups: usize, channels: usize) -> Result<ValueId, OpError> {
    let value = reshaped(cx, value, &[groups, 1])?;
    let ones = filled(cx, channels / groups, 1.0)?;
    let value = cx.add(Binary::from(BinaryOp::Mul), &[value, ones])?;
    reshaped(cx, value, &[channels])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::Tensor;

    #[test]
    fn scale_of_groups_becomes_scale_of_channels() {
        let x = || Given(Tensor::f32(&[1, 4, 1], &[-1.0, 1.0, -2.0, 2.0]));
        let groups = [int("num_groups", 2)];
        let numbers = |values: &[f32]| Known(Tensor::f32(&[values.len()], values));
        let old = run(
            18,
            "GroupNormalization",
            &groups,
            &[x(), numbers(&[1.0, 2.0]), numbers(&[0.0, 1.0])],
            1,
        );
        let scale = numbers(&[1.0, 1.0, 2.0, 2.0]);
        let new = run(
            21,
            "GroupNormalization",
            &groups,
            &[x(), scale, numbers(&[0.0, 0.0, 1.0, 1.0])],
            1,
        );
        assert!(old.is_ok());
        assert_eq!(old, new);
        let uneven = [int("num_groups", 3)];
        assert!(
            run(
                21,
                "GroupNormalization",
                &uneven,
                &[x(), numbers(&[1.0]), numbers(&[0.0])],
                1
            )
            .is_err()
        );
    }
}
