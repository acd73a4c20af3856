/// Products of the extents before `axis` and after it.
pub(in crate::ir) fn around(shape: &[usize], axis: usize) -> (usize, usize) {
    (shape[..axis].iter().product(), shape[axis + 1..].iter().product())
}

/// Where `axis` is after a transposition.
pub(in crate::ir) fn moved(axis: usize, perm: &[usize]) -> Option<usize> {
    perm.iter().position(|p| *p == axis)
}
