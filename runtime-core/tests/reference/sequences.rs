//! How recurrent layers run along sequences, for any numbers and any cell.

/// One direction of a recurrent layer.
pub struct Along<'a> {
    /// Steps of the longest sequence.
    pub steps: usize,
    /// The steps of each sequence of the batch.
    pub lengths: &'a [i32],
    /// Units of a state.
    pub hidden: usize,
    /// Directions of the layer, one or two.
    pub directions: usize,
    /// Which of them this is.
    pub direction: usize,
    /// Whether it runs from the last step to the first.
    pub reverse: bool,
    /// Whether the batch is the first axis.
    pub batch_first: bool,
    /// Whether the states after every step are results, before the last ones.
    pub sequence: bool,
    /// Gates of a unit.
    pub gates: usize,
    /// States of a unit: two for an LSTM.
    pub states: usize,
}

impl Along<'_> {
    /// Elements of the input: the products of all gates, of all directions.
    pub fn inputs(&self) -> usize {
        self.steps * self.lengths.len() * self.directions * self.gates * self.hidden
    }

    /// Elements of a state.
    pub fn state_len(&self) -> usize {
        self.lengths.len() * self.directions * self.hidden
    }

    /// The input's part of each gate of each unit.
    fn gates<T: Copy>(&self, x: &[T], step: usize) -> Vec<Vec<T>> {
        let x = &x[(step * self.directions + self.direction) * self.gates * self.hidden..];
        let of_gate = |gate| x[gate * self.hidden..][..self.hidden].to_vec();
        (0..self.gates).map(of_gate).collect()
    }

    /// The hidden states after every step and the last states; nothing where they are of another direction. `cell` gets
    /// the input's part of each gate and the states.
    ///
    /// # Panics
    /// If operands are shorter than the layer says.
    pub fn run<T: Copy + Default>(
        &self,
        x: &[T],
        first: &[T],
        cell: impl Fn(&[Vec<T>], &mut [Vec<T>]),
    ) -> Vec<Option<T>> {
        let Self { steps, hidden, .. } = *self;
        let batch = self.lengths.len();
        let sequence_len = if self.sequence { steps * self.state_len() } else { 0 };
        let mut y = vec![None; sequence_len + self.states * self.state_len()];
        let mut put = |at: usize, state: &[T]| {
            let to = y[at..][..hidden].iter_mut();
            to.zip(state).for_each(|(y, state)| *y = Some(*state));
        };
        for (sample, length) in self.lengths.iter().enumerate() {
            let length = *length as usize;
            let state_row = if self.batch_first {
                sample * self.directions + self.direction
            } else {
                self.direction * batch + sample
            };
            let state_at = |index: usize| index * self.state_len() + state_row * hidden;
            let zero = || vec![T::default(); hidden];
            let begin = |index| first[state_at(index)..][..hidden].to_vec();
            let mut state: Vec<_> = (0..self.states)
                .map(|index| if length == 0 { zero() } else { begin(index) })
                .collect();
            for step in 0..steps {
                let inside = step < length;
                let step = if self.reverse && inside {
                    length - 1 - step
                } else {
                    step
                };
                let at = if self.batch_first {
                    sample * steps + step
                } else {
                    step * batch + sample
                };
                if inside {
                    cell(&self.gates(x, at), &mut state);
                }
                if self.sequence {
                    let row = if self.batch_first {
                        at * self.directions + self.direction
                    } else {
                        step * self.directions * batch + state_row
                    };
                    put(row * hidden, &if inside { state[0].clone() } else { zero() });
                }
            }
            for (index, state) in state.iter().enumerate() {
                put(sequence_len + state_at(index), state);
            }
        }
        y
    }
}
