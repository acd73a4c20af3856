use crate::bindings::LookupCall;
use crate::ir::{CallOptions, Lowering};
use crate::ir::{DType, Inputs, OpError, Operator, Parts, Permuted, Tensor, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::kernels::{LOOKUP_ENTRIES, LOOKUP_KNOTS};
use runtime_core::requantize::rescale;

/// A function of each element of a quantised tensor, as a table: inputs `x`, and the results for all `i8` in order or
/// for every 128th `i16` from the least on, between which are lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup;

/// Steps of an `i16` from entry to entry.
const KNOT: i32 = 128;

impl Lookup {
    /// The table of a function of the integers of a type, and by how many steps a result is off at most: none for `i8`.
    /// `None` for types other than `i8` and `i16`.
    pub fn table(dtype: DType, function: impl Fn(i32) -> i32) -> Option<(Tensor, u32)> {
        match dtype {
            DType::I8 => {
                let entries = (i8::MIN..=i8::MAX).map(|x| function(x.into()) as u8);
                Some((Tensor::new(DType::I8, vec![LOOKUP_ENTRIES], entries.collect()), 0))
            }
            DType::I16 => {
                let least = i32::from(i16::MIN);
                let knots: Vec<i32> = (0..LOOKUP_KNOTS as i32)
                    .map(|knot| function(least + knot * KNOT))
                    .collect();
                let line = |x: i32| {
                    let (knot, part) = ((x - least) / KNOT, (x - least) % KNOT);
                    let [from, to] = [knot, knot + 1].map(|knot| knots[knot as usize]);
                    rescale((from * KNOT + (to - from) * part).into(), 1, KNOT.ilog2()) as i32
                };
                let all = least..=i16::MAX.into();
                let worst = all.map(|x| function(x).abs_diff(line(x))).max();
                let bytes = knots.iter().flat_map(|knot| (*knot as i16).to_le_bytes()).collect();
                Some((Tensor::new(DType::I16, vec![LOOKUP_KNOTS], bytes), worst?))
            }
            _ => None,
        }
    }
}

impl Operator for Lookup {
    fn name(&self) -> &'static str {
        "Lookup"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let (x, table) = (inputs.ty(0)?, inputs.ty(1)?);
        match (inputs.same_dtype()?, &table.shape[..]) {
            (DType::I8, [LOOKUP_ENTRIES]) | (DType::I16, [LOOKUP_KNOTS]) => Ok(vec![x.clone()]),
            _ => Err(op_error(format!("{table} is no table for {x}"))
                .help(format!("tables are i8[{LOOKUP_ENTRIES}] or i16[{LOOKUP_KNOTS}]"))),
        }
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let dtype = cx.ty(0).dtype;
        let (x, table, y) = (cx.input(0), cx.input_as(1, "table"), cx.output(0));
        let in_place = CallOptions { in_place: Some(0) };
        cx.call_with(LookupCall { dtype }, &[x, table], &[y], in_place);
        Ok(())
    }

    fn permute(&self, _: &[usize], _: &[Option<&TensorType>]) -> Option<Permuted> {
        Some(Permuted {
            operator: Box::new(Self),
            transposed: vec![true, false],
        })
    }

    fn parts(&self, axis: usize, x: &[usize], _: &[usize]) -> Option<Parts> {
        Some(Parts::same(axis, x[axis]))
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        time.beside(self, [])
    }
}
