use super::mixed::Quantising;
use super::proportion::trials;
use super::quality::{Goal, Loss};
use super::raise::raise;
use super::recurrences;
use super::refined::{Refined, Refining};
use super::{Progress, Raised};
use crate::Error;

/// How often the graph is compiled and run for a recurrent layer that stays in floats: for what it loses, and to
/// calibrate, fit and measure the others.
const TRIALS_PER_LAYER: usize = 6;

/// Gives more bits to what loses most until the loss is within the goal's bound. Where all the bits that there are do
/// not suffice, recurrent layers stay in floats, one after another. Gives what was done, and what is lost then.
///
/// # Errors
/// A bound that is not met, and samples that cannot be read.
pub(super) fn meet(
    refining: &Refining<'_, '_>,
    refined: &mut Refined,
    goal: &Goal<'_>,
    progress: &mut Progress<'_>,
) -> Result<(Vec<Raised>, Loss), Error> {
    let mut unmet = match raise_in(refining, refined, goal, progress)? {
        Ok(met) => return Ok(met),
        Err(loss) => loss,
    };
    let (mut kept, mut floats) = (vec![], vec![]);
    let most = (trials(refining.float, refined.observed.samples) / TRIALS_PER_LAYER).max(1);
    for nodes in refining.recurrences.by_loss(refining.float, goal, most)? {
        kept.extend(&nodes);
        *refined = refining.run(&kept, progress)?;
        let result = raise_in(refining, refined, goal, progress)?;
        let (Ok((_, loss)) | Err(loss)) = &result;
        let decibels = 10.0 * libm::log10(unmet.noise.noise / loss.noise.noise);
        floats.push(recurrences::cost(refining.float, &nodes, decibels));
        unmet = *loss;
        if let Ok((raised, loss)) = result {
            return Ok(([floats, raised].concat(), loss));
        }
    }
    let recurrent = if kept.is_empty() {
        ""
    } else {
        " and recurrent layers in floats"
    };
    Err(Error::quantization(
        format!(
            "with all the bits that there are{recurrent}, {} is left",
            unmet.text(goal.bound)
        ),
        "ask for less with --max-loss, or leave the model in floats",
    ))
}

fn raise_in(
    refining: &Refining<'_, '_>,
    refined: &mut Refined,
    goal: &Goal<'_>,
    progress: &mut Progress<'_>,
) -> Result<Result<(Vec<Raised>, Loss), Loss>, Error> {
    let at = Quantising {
        float: refining.float,
        graph: &refined.graph,
        groups: &refined.groups,
        layers: &refined.layers,
        observed: &refined.observed,
        options: refining.options,
        source: refining.source,
    };
    raise(&at, &mut refined.settings, goal, &mut |i, of| {
        progress("measuring", i, of)
    })
}
