//! The normal equations of a fit.

/// A symmetric matrix, lower half used.
pub(super) struct Matrix {
    n: usize,
    a: Vec<f64>,
}

impl Matrix {
    pub(super) fn new(n: usize) -> Self {
        Self { n, a: vec![0.0; n * n] }
    }

    pub(super) fn set(&mut self, i: usize, j: usize, v: f64) {
        self.a[i * self.n + j] = v;
    }

    /// Solves by Cholesky's decomposition; nothing when the matrix is not safely positive definite.
    pub(super) fn solve(mut self, rhs: &[f64]) -> Option<Vec<f64>> {
        let n = self.n;
        for j in 0..n {
            let row = &self.a[j * n..=j * n + j];
            let diagonal = row[j];
            let sum: f64 = row[..j].iter().map(|v| v * v).sum();
            let pivot = diagonal - sum;
            if pivot.is_nan() || pivot <= diagonal.abs() * 1e-9 {
                return None;
            }
            let root = pivot.sqrt();
            self.a[j * n + j] = root;
            for i in j + 1..n {
                let (upper, lower) = self.a.split_at(i * n);
                let dot: f64 = upper[j * n..j * n + j].iter().zip(&lower[..j]).map(|(x, y)| x * y).sum();
                self.a[i * n + j] = (self.a[i * n + j] - dot) / root;
            }
        }
        let mut x = rhs.to_vec();
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| self.a[i * n + k] * x[k]).sum();
            x[i] = (x[i] - dot) / self.a[i * n + i];
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| self.a[k * n + i] * x[k]).sum();
            x[i] = (x[i] - dot) / self.a[i * n + i];
        }
        Some(x)
    }
}
