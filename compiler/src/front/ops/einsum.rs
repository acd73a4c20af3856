use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::contraction::{Term, contract};
use crate::front::shared::equation::Equation;
use crate::front::shared::normalization::cast;
use crate::ir::{DType, op_error};

/// Einstein's summation: products of elements, summed over the indices that the output does not name.
pub(super) const EINSUM: OperatorDef = OperatorDef {
    name: "Einsum",
    domain: Domain::Onnx,
    versions: &[12, 28],
    limits: "float16 and bfloat16 are computed in float32",
    read: |cx| {
        let dtype = cx.operands().same_dtype()?;
        let wide = match dtype {
            DType::F16 | DType::Bf16 => DType::F32,
            DType::I8 | DType::I16 => DType::I32,
            DType::U8 | DType::U16 => DType::U32,
            DType::Bool => return Err(op_error("element type bool is not supported").help("cast to a number")),
            other => other,
        };
        let shapes = (0..cx.input_count())
            .map(|i| Ok(cx.ty(i)?.shape))
            .collect::<Result<Vec<_>, _>>()?;
        let equation = Equation::parse(&cx.attributes.string("equation", "")?, &shapes)?;
        let mut terms = vec![];
        for (i, labels) in equation.inputs.iter().enumerate() {
            let value = cast(cx, cx.input(i)?, wide)?;
            terms.push(Term {
                value,
                labels: labels.clone(),
            });
        }
        let y = contract(cx, terms, &equation.output)?;
        Ok(vec![cast(cx, y, dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, run, text};
    use crate::ir::{DType, Tensor};

    fn einsum(equation: &str, operands: &[(&[usize], &[f32])]) -> Result<Tensor, String> {
        let operands: Vec<_> = operands.iter().map(|(s, v)| Given(Tensor::f32(s, v))).collect();
        run(12, "Einsum", &[text("equation", equation)], &operands, 1).map(|mut y| y.remove(0))
    }

    const A: (&[usize], &[f32]) = (&[2, 2], &[1.0, 2.0, 3.0, 4.0]);
    const V: (&[usize], &[f32]) = (&[2], &[1.0, 10.0]);

    #[test]
    fn products_diagonals_and_sums() {
        assert_eq!(einsum("ij,j", &[A, V]), Ok(Tensor::f32(&[2], &[21.0, 43.0])));
        assert_eq!(
            einsum("ij , kj -> ki", &[A, A]),
            Ok(Tensor::f32(&[2, 2], &[5.0, 11.0, 11.0, 25.0]))
        );
        assert_eq!(einsum("ii->i", &[A]), Ok(Tensor::f32(&[2], &[1.0, 4.0])));
        assert_eq!(einsum("ii", &[A]), Ok(Tensor::f32(&[], &[5.0])));
        assert_eq!(einsum("ba", &[A]), Ok(Tensor::f32(&[2, 2], &[1.0, 3.0, 2.0, 4.0])));
        assert_eq!(einsum("i,j->", &[V, V]), Ok(Tensor::f32(&[], &[121.0])));
        assert_eq!(
            einsum("i,i,ij,j->ij", &[V, V, A, V]),
            Ok(Tensor::f32(&[2, 2], &[1.0, 20.0, 300.0, 4000.0]))
        );
        assert_eq!(einsum("...j,...j->...", &[A, V]), Ok(Tensor::f32(&[2], &[21.0, 43.0])));
        let one: (&[usize], &[f32]) = (&[1, 2], &[1.0, 10.0]);
        assert_eq!(
            einsum("ij,ij->ij", &[A, one]),
            Ok(Tensor::f32(&[2, 2], &[1.0, 20.0, 3.0, 40.0]))
        );
        assert_eq!(einsum("ij,ij->", &[A, one]), Ok(Tensor::f32(&[], &[64.0])));
    }

    #[test]
    fn small_integers_wrap() {
        let x = || Given(Tensor::new(DType::U8, vec![2], vec![200, 100]));
        let y = run(12, "Einsum", &[text("equation", "i,i->")], &[x(), x()], 1);
        assert_eq!(y, Ok(vec![Tensor::new(DType::U8, vec![], vec![80])]));
    }

    #[test]
    fn wrong_equations() {
        for equation in [
            "ij",
            "ij,k,l",
            "i1,j",
            "ij,j->ii",
            "ij,j->k",
            "ij..,j",
            "ij,j->i->j",
            "i,j",
            "i...j...,j",
        ] {
            assert!(einsum(equation, &[A, V]).is_err(), "{equation}");
        }
        assert!(einsum("ij,j->i", &[A, (&[3], &[0.0; 3])]).is_err());
        assert!(einsum("...j,j->j", &[A, V]).is_err_and(|e| e.contains("...")));
    }
}
