//! Plots as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use whittle_peer::Work;

use crate::figures::{BATCH, Figures, NATIVE, ROWS, time, title};

const WIDTH: u32 = 860;
const BAR: u32 = 24;
const FONT: (&str, u32) = ("sans-serif", 14);
/// How high a heading is, in pixels.
const HEADING: i32 = 22;

/// The time of each peer as a bar, on a logarithmic scale, the fastest first.
pub(crate) fn bars(file: &Path, figures: &Figures, work: Work) -> Result<()> {
    let times = figures.peers.iter().filter_map(|measured| {
        let nanoseconds = measured.nanoseconds(work, BATCH)?;
        Some((measured.peer.name.as_str(), nanoseconds))
    });
    let mut times: Vec<(&str, f64)> = times.collect();
    times.sort_by(|one, other| one.1.total_cmp(&other.1));
    let (Some((_, least)), Some((_, most))) = (times.first(), times.last()) else {
        return Ok(());
    };
    let (least, most) = (least / 2.0, most * 4.0);
    let height = 60 + BAR * times.len() as u32;
    let heading = format!(
        "{}: time per document, {BATCH} documents a call (logarithmic)",
        title(work)
    );
    drawn(file, height, |area| {
        let area = area.titled(&heading, FONT)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .set_label_area_size(LabelAreaPosition::Left, 260)
            .build_cartesian_2d((least..most).log_scale(), 0..times.len() as i32)?;
        for (index, (name, nanoseconds)) in times.iter().enumerate() {
            let top = (times.len() - index) as i32;
            let bar = [(least, top - 1), (*nanoseconds, top)];
            let mut bar = Rectangle::new(bar, colour(name).filled());
            bar.set_margin(3, 3, 0, 0);
            chart.draw_series([bar])?;
            // The area below the heading begins there.
            let (x, y) = chart.backend_coord(&(*nanoseconds, top));
            let y = y - HEADING + 4;
            area.draw(&Text::new((*name).to_owned(), (8, y), FONT.into_font()))?;
            area.draw(&Text::new(time(*nanoseconds), (x + 4, y), FONT.into_font()))?;
        }
        Ok(())
    })
}

/// The time of each peer against the number of documents in a call, both on logarithmic scales.
pub(crate) fn lines(file: &Path, figures: &Figures, work: Work) -> Result<()> {
    let times = || {
        let peers = figures.peers.iter();
        peers.flat_map(move |measured| ROWS.map(|rows| measured.nanoseconds(work, rows)))
    };
    let least = times().flatten().fold(f64::INFINITY, f64::min) / 2.0;
    let most = times().flatten().fold(0.0, f64::max) * 2.0;
    let heading = format!(
        "{}: time per document in ns, by documents a call (logarithmic)",
        title(work)
    );
    drawn(file, 620, |area| {
        let area = area.titled(&heading, FONT)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .margin_right(230)
            .set_label_area_size(LabelAreaPosition::Left, 60)
            .set_label_area_size(LabelAreaPosition::Bottom, 30)
            .build_cartesian_2d((1.0..8192.0).log_scale(), (least..most).log_scale())?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .draw()?;
        let mut labels = Vec::new();
        for measured in &figures.peers {
            let points = ROWS
                .iter()
                .filter_map(|rows| Some((*rows as f64, measured.nanoseconds(work, *rows)?)));
            let points: Vec<(f64, f64)> = points.collect();
            let Some(last) = points.last().copied() else {
                continue;
            };
            let name = measured.peer.name.as_str();
            let width = if name.starts_with("Whittle") { 3 } else { 1 };
            chart.draw_series(LineSeries::new(points, colour(name).stroke_width(width)))?;
            labels.push((chart.backend_coord(&last).1 - HEADING - 8, name));
        }
        labels.sort_unstable();
        let mut free = 0;
        for (y, name) in labels {
            // Not over the label before it.
            let y = y.max(free);
            free = y + 15;
            let style = FONT.into_font().color(&colour(name));
            area.draw(&Text::new(name.to_owned(), (WIDTH as i32 - 226, y), style))?;
        }
        Ok(())
    })
}

type Area<'file> = DrawingArea<SVGBackend<'file>, Shift>;

fn drawn<'file>(
    file: &'file Path,
    height: u32,
    draw: impl FnOnce(&Area<'file>) -> Result<(), Box<dyn std::error::Error + Send + Sync + 'file>>,
) -> Result<()> {
    let area = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    draw(&area).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    Ok(area.present()?)
}

fn colour(name: &str) -> RGBColor {
    match name {
        NATIVE => RGBColor(120, 120, 120),
        name if name.starts_with("Whittle") => RGBColor(33, 119, 181),
        _ => RGBColor(226, 150, 70),
    }
}
