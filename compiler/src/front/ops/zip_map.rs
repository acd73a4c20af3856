use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::labels::classes;
use crate::ir::{Classes, Labels, RemarkKind, op_error};

/// The tensor behind a sequence of maps from classes to scores: column `i` is class `i` of the table in the emitted
/// file.
pub(super) const ZIP_MAP: OperatorDef = OperatorDef {
    name: "ZipMap",
    domain: Domain::Ml,
    versions: &[1],
    limits: "gives the tensor of scores, with a table of the classes, not maps; only as an output of the model",
    read: |cx| {
        let classes = classes(cx, "classlabels_int64s", "classlabels_strings")?;
        let (ty, x) = (cx.ty(0)?, cx.input(0)?);
        let columns = if ty.rank() > 2 { None } else { ty.shape.last() };
        if columns != Some(&classes.len()) {
            return Err(op_error(format!("the input is {ty} for {} classes", classes.len())));
        }
        cx.remark(
            RemarkKind::Labels,
            "gives maps in the model and the tensor of their values here, with a column for each class",
        );
        let own_numbers = |numbers: &[i64]| numbers.iter().zip(0..).all(|(number, column)| *number == column);
        if matches!(&classes, Classes::Numbers(numbers) if own_numbers(numbers)) {
            return Ok(vec![x]);
        }
        let labels = Labels {
            classes,
            of_columns: true,
        };
        cx.labelled(x, labels).map(|y| vec![y])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, ints, run, texts};
    use crate::ir::Tensor;

    #[test]
    fn the_tensor_behind_the_maps() {
        let x = || Tensor::f32(&[2, 2], &[0.25, 0.75, 1.0, 0.0]);
        for classes in [
            texts("classlabels_strings", &["a", "b"]),
            ints("classlabels_int64s", &[0, 1]),
            ints("classlabels_int64s", &[7, -1]),
        ] {
            assert_eq!(run(1, "ZipMap", &[classes], &[Given(x())], 1), Ok(vec![x()]));
        }
        let one = run(1, "ZipMap", &[ints("classlabels_int64s", &[0])], &[Given(x())], 1);
        assert!(one.is_err_and(|e| e.contains("for 1 classes")));
    }
}
