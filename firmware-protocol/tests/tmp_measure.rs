mod common;
use common::*;
use firmware_protocol::{reading::Wear, driver::UnitKind, steplog::{device::Device, ram_flash::RamFlash}};
use std::io::BufRead;
#[test]
fn measure() {
    let Ok(file) = std::fs::File::open("/tmp/fb.txt") else { return };
    let mut people: Vec<Vec<u32>> = vec![];
    for line in std::io::BufReader::new(file).lines() {
        people.push(line.unwrap().split(',').map(|x| x.parse().unwrap()).collect());
    }
    let (mut days, mut blocks, mut units, mut written, mut erases) = (0.0, 0usize, 0usize, 0u64, 0u64);
    let mut rec = 0.0; let mut sync = 0.0; let mut stored = 0usize;
    for p in &people {
        let mut d = Device::boot(RamFlash::new(34, 4096), config(), None).unwrap();
        let t = std::time::Instant::now();
        for (m, s) in p.iter().enumerate() { d.record(m as u64 * 60000 + 30000, *s, Wear::Worn, 0).unwrap(); }
        rec += t.elapsed().as_secs_f64();
        let mut h = Host::new(1);
        let t = std::time::Instant::now();
        Air::new(p.len() as u64 * 60000).sync(&mut d, &mut h).unwrap();
        sync += t.elapsed().as_secs_f64();
        for u in h.units.iter().filter(|u| u.kind == UnitKind::StepLogBlock) { blocks += u.bytes.len(); units += 1; stored += u.bytes.len() + 12; }
        let f = d.into_flash();
        written += f.written(); erases += f.erases();
        days += p.len() as f64 / 1440.0;
    }
    println!("days {days} block bytes/day {:.0} blocks/day {:.1} ring bytes/day {:.0} flash written/day {:.0} erases/day {:.2} record s/30d {:.4} sync s/30d {:.4}", blocks as f64/days, units as f64/days, stored as f64/days, written as f64/days, erases as f64/days, rec/days*30.0, sync/days*30.0);
}
