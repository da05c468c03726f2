//! Pictures of at most sixteen colours as PNG (W3C Portable Network Graphics, third edition).

use std::io::{self, Write};

use flate2::{Compression, write::ZlibEncoder};

/// A picture with four bits a pixel, two pixels in a byte; colour 0 is see-through.
///
/// `lines` hold `width` pixels each, rounded up to whole bytes.
pub(super) fn encode(width: u16, lines: &[&[u8]], palette: &[[u8; 3]]) -> io::Result<Vec<u8>> {
    let height = u32::try_from(lines.len()).map_err(io::Error::other)?;
    let mut header = Vec::with_capacity(13);
    header.extend(u32::from(width).to_be_bytes());
    header.extend(height.to_be_bytes());
    // Four bits, palette, deflate, the one set of filters, not interlaced.
    header.extend([4, 3, 0, 0, 0]);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    for line in lines {
        // Filter 0, none: the standard's advice for palettes.
        packed.write_all(&[0])?;
        packed.write_all(line)?;
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &header)?;
    chunk(&mut png, *b"PLTE", palette.as_flattened())?;
    chunk(&mut png, *b"tRNS", &[0])?;
    chunk(&mut png, *b"IDAT", &packed.finish()?)?;
    chunk(&mut png, *b"IEND", &[])?;
    Ok(png)
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    png.extend(length.to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(bytes);
    png.extend(crc32fast::hash(&png[start..]).to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;

    use super::*;

    #[test]
    fn a_picture_reads_back_pixel_for_pixel() {
        let lines: [&[u8]; 2] = [&[0x01, 0x20], &[0x88, 0x80]];

        let png = encode(3, &lines, &[[0, 0, 0], [9, 8, 7]]).unwrap();

        assert_eq!(&png[16..29], [0, 0, 0, 3, 0, 0, 0, 2, 4, 3, 0, 0, 0]);
        let at = png.windows(4).position(|window| window == b"IDAT").unwrap() + 4;
        let mut pixels = Vec::new();
        ZlibDecoder::new(&png[at..]).read_to_end(&mut pixels).unwrap();
        assert_eq!(pixels, [0, 0x01, 0x20, 0, 0x88, 0x80]);
    }

    #[test]
    fn the_end_of_the_file_is_the_one_that_the_standard_prints() {
        let png = encode(1, &[&[0]], &[[0, 0, 0]]).unwrap();

        assert!(png.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"));
    }
}
