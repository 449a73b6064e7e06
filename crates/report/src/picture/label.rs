//! Where labels of markers go: close above their point, inside the plot, over no other label and over no trace.

use super::scene::Area;

/// A label that wants a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// The point it names.
    pub point: (f64, f64),
    /// Its width and height.
    pub size: (f64, f64),
}

/// A place for each wish, in the order of their importance; `None` where there is no room left.
///
/// `skyline(x0, x1)` gives the highest point (least y) of the traces between two places.
pub(super) fn place(wishes: &[Wish], plot: &Area, skyline: &dyn Fn(f64, f64) -> f64) -> Vec<Option<Area>> {
    let mut taken: Vec<Area> = wishes.iter().map(|w| dot(w.point)).collect();
    let mut leaders: Vec<Leader> = Vec::new();
    let mut out = Vec::with_capacity(wishes.len());
    for (index, wish) in wishes.iter().enumerate() {
        let free = |c: &Area| {
            let own = leader(wish, c);
            inside(c, plot)
                && !taken.iter().any(|t| t.overlaps(c))
                && !leaders.iter().any(|(a, b)| c.clip(*a, *b).is_some())
                && !taken.iter().enumerate().any(|(i, t)| i != index && t.clip(own.0, own.1).is_some())
        };
        let found = candidates(wish, plot, skyline).into_iter().find(free);
        leaders.extend(found.map(|c| leader(wish, &c)));
        taken.extend(found);
        out.push(found);
    }
    out
}

/// The line from a label to its point.
pub(super) type Leader = ((f64, f64), (f64, f64));

/// From the label's lower edge to just above the point.
pub(super) fn leader(wish: &Wish, label: &Area) -> Leader {
    let (x, y) = wish.point;
    ((x.clamp(label.x0 + 6.0, label.x1 - 6.0), label.y1), (x, y - 14.0))
}

fn dot((x, y): (f64, f64)) -> Area {
    Area::new(x - 7.0, y - 12.0, x + 7.0, y + 4.0)
}

fn inside(area: &Area, plot: &Area) -> bool {
    area.x0 >= plot.x0 + 2.0 && area.x1 <= plot.x1 - 2.0 && area.y0 >= plot.y0 + 2.0 && area.y1 <= plot.y1
}

/// Places to try, nearest first: shifts to either side, each from just above the traces upwards.
fn candidates(wish: &Wish, plot: &Area, skyline: &dyn Fn(f64, f64) -> f64) -> Vec<Area> {
    let ((x, y), (w, h)) = (wish.point, wish.size);
    let mut out = Vec::new();
    for shift in [0.0, 0.3, -0.3, 0.55, -0.55, 0.8, -0.8, 1.1, -1.1, 1.8, -1.8] {
        let middle =
            (x + shift * w).clamp(plot.x0 + w / 2.0 + 3.0, (plot.x1 - w / 2.0 - 3.0).max(plot.x0 + w / 2.0 + 3.0));
        let (x0, x1) = (middle - w / 2.0, middle + w / 2.0);
        let floor = y.min(skyline(x0, x1)).min(plot.y1) - 16.0;
        let mut bottom = floor;
        while bottom - h > plot.y0 && out.len() < 2000 {
            out.push(Area::new(x0, bottom - h, x1, bottom));
            bottom -= h / 2.0;
        }
    }
    let far = |a: &Area| {
        let (dx, dy) = ((a.x0 + a.x1) / 2.0 - x, a.y1 - y);
        // A step sideways costs more than a step up: the eye looks above a peak for its name.
        (1.3 * dx).hypot(dy)
    };
    out.sort_by(|a, b| far(a).total_cmp(&far(b)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_labels_in_a_crowd_do_not_overlap_and_stay_inside() {
        let plot = Area::new(0.0, 0.0, 1000.0, 500.0);
        let wishes: Vec<Wish> =
            (0..40).map(|i| Wish { point: (300.0 + 10.0 * f64::from(i), 300.0), size: (150.0, 24.0) }).collect();
        let places = place(&wishes, &plot, &|_, _| 300.0);
        let set: Vec<Area> = places.into_iter().flatten().collect();
        assert!(set.len() >= 6, "{}", set.len());
        for (i, a) in set.iter().enumerate() {
            assert!(a.x0 >= 0.0 && a.x1 <= 1000.0 && a.y0 >= 0.0 && a.y1 <= 300.0);
            assert!(set.iter().skip(i + 1).all(|b| !a.overlaps(b)));
        }
    }

    #[test]
    fn a_lone_label_sits_just_above_its_point() {
        let plot = Area::new(0.0, 0.0, 1000.0, 500.0);
        let wish = Wish { point: (500.0, 300.0), size: (100.0, 24.0) };
        let area = place(&[wish], &plot, &|_, _| 400.0)[0].unwrap();
        assert_eq!((area.x0 + area.x1) / 2.0, 500.0);
        assert!(300.0 - area.y1 < 30.0);
    }

    #[test]
    fn no_room_gives_no_label() {
        let plot = Area::new(0.0, 0.0, 50.0, 20.0);
        assert_eq!(place(&[Wish { point: (25.0, 10.0), size: (100.0, 24.0) }], &plot, &|_, _| 10.0), vec![None]);
    }
}
