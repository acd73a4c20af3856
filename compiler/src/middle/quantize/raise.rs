use super::mixed::{Part, Quantising};
use super::proportion::trials;
use super::quality::{Goal, Loss};
use super::{Io, Raised, Settings, insert};
use crate::Error;
use crate::ir::OpError;

/// How often a part is tried: by itself, twice without it, twice for what it gains, and some in searching.
const TRIALS_PER_PART: usize = 6;

/// The settings between which more bits are tried.
struct Trials<'a, 'q, 's, 'g> {
    at: &'a Quantising<'q, 's>,
    goal: &'a Goal<'g>,
    /// With the bits that the scheme gives.
    low: Settings,
    /// With all the bits that there are. Weights and biases fitted to values of few bits take up what those lose: where
    /// that is much, no value by itself is better until they are fitted again.
    high: Settings,
    /// All that may have more bits.
    parts: Vec<Part>,
}

/// Gives more bits to what loses most, until the loss is within the goal's bound. Each part is tried by itself; then
/// the fewest of those that help most are kept, and of these those that are needed. `progress` is told of each trial.
/// Gives what has more bits and what is lost then, or what is lost with all the bits that there are if that is beyond
/// the bound.
///
/// # Errors
/// Samples that cannot be read.
pub(super) fn raise(
    at: &Quantising<'_, '_>,
    settings: &mut Settings,
    goal: &Goal<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Result<(Vec<Raised>, Loss), Loss>, Error> {
    let start = measure(at, settings, goal)?;
    if start.is_within(goal.bound) {
        return Ok(Ok((vec![], start)));
    }
    let parts = at.parts(
        settings,
        (trials(at.float, at.observed.samples) / TRIALS_PER_PART).max(1),
    );
    let high = at.fitted(at.raised(&settings.groups, &parts), &parts, progress)?;
    let trials = Trials {
        at,
        goal,
        low: settings.clone(),
        high,
        parts,
    };
    let loss = measure(at, &trials.high, goal)?;
    if !loss.is_within(goal.bound) {
        return Ok(Err(loss));
    }
    let ranked = trials.ranked(progress)?;
    let (kept, found, loss) = trials.fewest(&ranked, loss)?;
    let mut raised = vec![];
    for part in &kept {
        let (_, alone) = trials.best(std::slice::from_ref(part))?;
        let decibels = 10.0 * libm::log10(start.noise.noise / alone.noise.noise);
        raised.push(at.cost(part, decibels));
    }
    let fitted = at.fitted(found.groups.clone(), &kept, progress)?;
    let again = measure(at, &fitted, goal)?;
    let better = again.is_within(goal.bound) && again.noise.noise <= loss.noise.noise;
    let (found, loss) = if better { (fitted, again) } else { (found, loss) };
    *settings = found;
    Ok(Ok((raised, loss)))
}

impl Trials<'_, '_, '_, '_> {
    /// The settings with more bits for `parts`: weights and biases of all others as they are with few bits everywhere,
    /// or with many. Those of four bits stay as they are.
    fn with(&self, parts: &[Part], many: bool) -> Settings {
        let four = self.parts.iter().any(|part| matches!(part, Part::Weights(_)));
        let weights = self.low.weights.iter().zip(&self.high.weights).enumerate();
        let weights = weights.map(|(layer, (low, high))| {
            let fits = parts.iter().any(|part| part.raises(layer)) || (many && !four);
            if fits { high.clone() } else { low.clone() }
        });
        Settings {
            groups: self.at.raised(&self.low.groups, parts),
            weights: weights.collect(),
        }
    }

    /// The settings with more bits for `parts` that lose least, and what they lose.
    fn best(&self, parts: &[Part]) -> Result<(Settings, Loss), Error> {
        let [few, many] = [false, true].map(|many| {
            let settings = self.with(parts, many);
            measure(self.at, &settings, self.goal).map(|loss| (settings, loss))
        });
        let (few, many) = (few?, many?);
        let bound = self.goal.bound;
        let cost = |(_, loss): &(Settings, Loss)| (!loss.is_within(bound), loss.noise.noise);
        Ok(if cost(&many) < cost(&few) { many } else { few })
    }

    /// The parts, that which gains most by itself first.
    fn ranked(&self, progress: &mut dyn FnMut(usize, usize)) -> Result<Vec<Part>, Error> {
        let mut noises = vec![];
        for (i, part) in self.parts.iter().enumerate() {
            progress(i, self.parts.len());
            let loss = measure(self.at, &self.with(std::slice::from_ref(part), true), self.goal)?;
            noises.push((loss.noise.noise, part.clone()));
        }
        noises.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(noises.into_iter().map(|(_, part)| part).collect())
    }

    /// The fewest of the parts that suffice, from the first on; of these those without which the bound is not met.
    /// `loss` is that of all.
    fn fewest(&self, ranked: &[Part], loss: Loss) -> Result<(Vec<Part>, Settings, Loss), Error> {
        let bound = self.goal.bound;
        let (mut few, mut enough) = (0, ranked.len());
        let mut found = (self.high.clone(), loss);
        while enough - few > 1 {
            let middle = few.midpoint(enough);
            let tried = self.best(&ranked[..middle])?;
            if tried.1.is_within(bound) {
                (enough, found) = (middle, tried);
            } else {
                few = middle;
            }
        }
        let mut kept = ranked[..enough].to_vec();
        for part in ranked[..enough].iter().rev().skip(1) {
            let others: Vec<_> = kept.iter().filter(|other| *other != part).cloned().collect();
            let tried = self.best(&others)?;
            if tried.1.is_within(bound) {
                (kept, found) = (others, tried);
            }
        }
        Ok((kept, found.0, found.1))
    }
}

/// What settings lose.
fn measure(at: &Quantising<'_, '_>, settings: &Settings, goal: &Goal<'_>) -> Result<Loss, Error> {
    let quantised = insert(at.graph, at.groups, at.layers, settings, Io::Float).map_err(internal)?;
    goal.measure(at.float, &quantised)
}

fn internal(error: OpError) -> Error {
    Error::Pass {
        pass: "quantize",
        message: error.message,
    }
}
