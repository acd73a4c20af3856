use super::bind;
use runtime_core::kernels::Resize;

bind!(Resize, resize(0, 1, 2) -> (0));
