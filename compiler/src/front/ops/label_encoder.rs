use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::label_map::{self, Keys, Values};
use crate::front::shared::labels::picked;
use crate::ir::{Classes, DType, Labels, OpError, Tensor, ValueId, op_error};
use std::collections::HashMap;

/// Each element replaced by the value that belongs to it. Opset 2 replaced a list of names by keys and values, opset 4
/// added tensors.
pub(super) const LABEL_ENCODER: OperatorDef = OperatorDef {
    name: "LabelEncoder",
    domain: Domain::Ml,
    versions: &[1, 2, 4],
    limits: "keys that are strings only where the strings are known at compile time; names are a table in the emitted file",
    read: |cx| {
        let (keys, values) = if cx.opset() < 2 { listed(cx)? } else { given(cx)? };
        let (place, values) = match keys {
            Keys::Names(keys) => {
                let names = cx.names(0).map(<[String]>::to_vec);
                let names = names.ok_or_else(|| {
                    op_error("the keys are strings, the input is not")
                        .help("encode strings as numbers before the model")
                })?;
                // Where each name of the input is among the keys; the default is behind the last.
                let places = names
                    .iter()
                    .map(|name| keys.iter().position(|key| key == name).unwrap_or(keys.len()));
                let places: Vec<i64> = places.map(|place| place as i64).collect();
                let x = cx.input(0)?;
                (picked(cx, x, &places)?, values)
            }
            Keys::Numbers(keys) => {
                if cx.names(0).is_some() {
                    return Err(op_error("the input is strings, the keys are numbers"));
                }
                label_map::places(cx, &keys, values)?
            }
        };
        result(cx, place, values).map(|y| vec![y])
    },
};

/// The values by their places.
fn result(cx: &mut NodeContext<'_>, place: ValueId, values: Values) -> Result<ValueId, OpError> {
    match values {
        Values::Numbers(table) => label_map::taken(cx, place, table),
        Values::Names(names) => {
            // Equal names are one label.
            let (mut distinct, mut labels, mut known) = (vec![], vec![], HashMap::new());
            for name in names {
                let label = *known.entry(name).or_insert_with_key(|name| {
                    distinct.push(name.clone());
                    distinct.len() as i64 - 1
                });
                labels.push(label);
            }
            let place = picked(cx, place, &labels)?;
            let labels = Labels {
                classes: Classes::Names(distinct),
                of_columns: false,
            };
            cx.labelled(place, labels)
        }
    }
}

/// Opset 1: names, which are looked up by their places, or whose places are looked up.
fn listed(cx: &mut NodeContext<'_>) -> Result<(Keys, Values), OpError> {
    let names = cx.attributes.strings("classes_strings")?.unwrap_or_default();
    let default_name = cx.attributes.string("default_string", "_Unused")?;
    let default_place = cx.attributes.int("default_int64", -1)?;
    let places: Vec<i64> = (0..names.len() as i64).collect();
    if cx.names(0).is_some() {
        let values = [places, vec![default_place]].concat();
        return Ok((
            Keys::Names(names),
            Values::Numbers(Tensor::i64(&[values.len()], &values)),
        ));
    }
    let keys = Tensor::i64(&[places.len()], &places);
    Ok((Keys::Numbers(keys), Values::Names([names, vec![default_name]].concat())))
}

/// Keys and values, the default last.
fn given(cx: &mut NodeContext<'_>) -> Result<(Keys, Values), OpError> {
    let keys = match list(cx, ["keys_int64s", "keys_floats", "keys_strings", "keys_tensor"])? {
        List::Numbers(keys) => Keys::Numbers(keys),
        List::Names(keys) => Keys::Names(keys),
    };
    let values = list(
        cx,
        ["values_int64s", "values_floats", "values_strings", "values_tensor"],
    )?;
    let default_int = cx.attributes.int("default_int64", -1)?;
    let default_float = cx.attributes.float("default_float", -0.0)?;
    let default_name = cx.attributes.string("default_string", "_Unused")?;
    let default = cx.attributes.tensor("default_tensor")?;
    let (count, values) = match values {
        List::Names(names) => (names.len(), Values::Names([names, vec![default_name]].concat())),
        List::Numbers(mut table) => {
            let default = match default {
                Some(default) if default.dtype == table.dtype && default.len() == 1 => default,
                Some(default) => {
                    let message = format!(
                        "attribute `default_tensor` is {}, the values are {}",
                        default.ty(),
                        table.ty()
                    );
                    return Err(op_error(message));
                }
                None if table.dtype.is_float() => Tensor::scalar(table.dtype, default_float.into()),
                None => {
                    let default = Tensor::i64(&[], &[default_int]);
                    crate::middle::fold::evaluate(&crate::ir::primitives::Cast { to: table.dtype }, &[default])
                        .map_err(|e| op_error(e.to_string()))?
                        .remove(0)
                }
            };
            let count = table.len();
            let bytes = [&table.bytes[..], &default.bytes[..]].concat();
            table = Tensor::new(table.dtype, vec![count + 1], bytes);
            (count, Values::Numbers(table))
        }
    };
    if keys.len() != count || count == 0 {
        return Err(op_error(format!("{} keys are given for {count} values", keys.len())));
    }
    Ok((keys, values))
}

/// Numbers or names.
enum List {
    Numbers(Tensor),
    Names(Vec<String>),
}

/// The one of four attributes that is given: integers, floats, strings, a tensor.
fn list(cx: &mut NodeContext<'_>, [ints, floats, strings, tensor]: [&'static str; 4]) -> Result<List, OpError> {
    let (by_int, by_float) = (cx.attributes.ints(ints)?, cx.attributes.floats(floats)?);
    let (by_name, by_tensor) = (cx.attributes.strings(strings)?, cx.attributes.tensor(tensor)?);
    match (by_int, by_float, by_name, by_tensor) {
        (Some(values), None, None, None) => Ok(List::Numbers(Tensor::i64(&[values.len()], &values))),
        (None, Some(values), None, None) => Ok(List::Numbers(Tensor::f32(&[values.len()], &values))),
        (None, None, Some(names), None) => Ok(List::Names(names)),
        (None, None, None, Some(values)) if values.dtype != DType::Bool => Ok(List::Numbers(values)),
        _ => Err(op_error(format!(
            "one of `{ints}`, `{floats}`, `{strings}`, `{tensor}` must be given"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, float, floats, int, ints, run, tensor, texts};
    use crate::ir::{DType, Tensor};

    #[test]
    fn numbers_to_numbers() {
        let near = [ints("keys_int64s", &[3, 1]), floats("values_floats", &[0.5, 1.5])];
        let x = || Given(Tensor::i64(&[2, 2], &[1, 3, 2, -1]));
        let y = |y: [f32; 4]| Ok(vec![Tensor::f32(&[2, 2], &y)]);
        assert_eq!(run(2, "LabelEncoder", &near, &[x()], 1), y([1.5, 0.5, -0.0, -0.0]));
        let default = [&near[..], &[float("default_float", 9.0)]].concat();
        assert_eq!(run(2, "LabelEncoder", &default, &[x()], 1), y([1.5, 0.5, 9.0, 9.0]));
        let far = [
            ints("keys_int64s", &[i64::MAX, 1, 1]),
            ints("values_int64s", &[7, 8, 9]),
            int("default_int64", 4),
        ];
        let x = Given(Tensor::i64(&[3], &[1, i64::MAX, 0]));
        assert_eq!(
            run(2, "LabelEncoder", &far, &[x], 1),
            Ok(vec![Tensor::i64(&[3], &[8, 7, 4])])
        );
    }

    #[test]
    fn floats_and_tensors() {
        let keys = Tensor::f32(&[2], &[0.5, f32::NAN]);
        let attributes = [
            tensor("keys_tensor", &keys),
            tensor("values_tensor", &Tensor::new(DType::I16, vec![2], vec![1, 0, 2, 0])),
            tensor("default_tensor", &Tensor::new(DType::I16, vec![1], vec![3, 0])),
        ];
        let x = Given(Tensor::f32(&[3], &[f32::NAN, 0.5, 0.0]));
        let y = run(4, "LabelEncoder", &attributes, &[x], 1);
        assert_eq!(y, Ok(vec![Tensor::new(DType::I16, vec![3], vec![2, 0, 1, 0, 3, 0])]));
        let x = || Given(Tensor::f32(&[1], &[0.5]));
        assert!(run(4, "LabelEncoder", &attributes[..1], &[x()], 1).is_err_and(|e| e.contains("values_int64s")));
        let uneven = [floats("keys_floats", &[1.0]), ints("values_int64s", &[1, 2])];
        assert!(run(4, "LabelEncoder", &uneven, &[x()], 1).is_err_and(|e| e.contains("1 keys")));
    }

    #[test]
    fn names_become_places() {
        let attributes = [
            ints("keys_int64s", &[4, 5, 6]),
            texts("values_strings", &["b", "a", "b"]),
        ];
        let x = || Given(Tensor::i64(&[4], &[6, 5, 4, 0]));
        let y = run(2, "LabelEncoder", &attributes, &[x()], 1);
        assert_eq!(y, Ok(vec![Tensor::i64(&[4], &[0, 1, 0, 2])]));
        let listed = run(1, "LabelEncoder", &[texts("classes_strings", &["a", "b"])], &[x()], 1);
        assert_eq!(listed, Ok(vec![Tensor::i64(&[4], &[2, 2, 2, 0])]));
        let strings = [texts("keys_strings", &["a"]), ints("values_int64s", &[1])];
        assert!(run(2, "LabelEncoder", &strings, &[x()], 1).is_err_and(|e| e.contains("the keys are strings")));
    }
}
