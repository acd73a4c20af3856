use super::depth_to_space::block;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::{Reshape, Transpose};

/// Moves blocks of `blocksize` by `blocksize` into channels. Opset 28 added `mode`, before it was `DCR`.
pub(super) const SPACE_TO_DEPTH: OperatorDef = OperatorDef {
    name: "SpaceToDepth",
    domain: Domain::Onnx,
    versions: &[1, 13, 28],
    limits: "",
    read: |cx| {
        let (b, [n, c, h, w]) = block(cx)?;
        let column_first = cx.attributes.choice("mode", &[("DCR", false), ("CRD", true)])?;
        let (rows, columns) = (h / b, w / b);
        if rows * b != h || columns * b != w {
            return Err(op_error(format!(
                "{h} by {w} does not divide into blocks of {b} by {b}"
            )));
        }
        let perm = if column_first {
            vec![0, 1, 3, 5, 2, 4]
        } else {
            vec![0, 3, 5, 1, 2, 4]
        };
        let x = cx.add(
            Reshape {
                shape: vec![n, c, rows, b, columns, b],
            },
            &[cx.input(0)?],
        )?;
        let x = cx.add(Transpose { perm }, &[x])?;
        Ok(vec![cx.add(
            Reshape {
                shape: vec![n, c * b * b, rows, columns],
            },
            &[x],
        )?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run, text};
    use crate::ir::Tensor;

    #[test]
    fn undoes_depth_to_space() {
        let x = Tensor::f32(&[1, 8, 1, 1], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        for mode in ["DCR", "CRD"] {
            let attributes = [int("blocksize", 2), text("mode", mode)];
            let y = run(28, "DepthToSpace", &attributes, &[Given(x.clone())], 1).unwrap();
            assert_eq!(
                run(28, "SpaceToDepth", &attributes, &[Given(y[0].clone())], 1),
                Ok(vec![x.clone()]),
                "{mode}"
            );
        }
    }
}
