// A ZIP archive of a few files, deflated where the browser can. Enough of the format for Excel's files, and no more.

export interface ZipEntry {
  name: string;
  text: string;
}

/** Of 1 January 1980: the same content gives the same bytes. */
const DOS_DATE = 0x21;
const STORED = 0;
const DEFLATED = 8;
/** Names are UTF-8. */
const FLAGS = 0x800;

export async function zip(entries: readonly ZipEntry[]): Promise<Blob> {
  const files = await Promise.all(entries.map((entry) => packed(entry)));
  const parts: BlobPart[] = [];
  const central: BlobPart[] = [];
  let offset = 0;
  let centralSize = 0;
  for (const { name, method, crc, body, size } of files) {
    const common = [u16(20), u16(FLAGS), u16(method), u16(0), u16(DOS_DATE), u32(crc), u32(body.length), u32(size), u16(name.length), u16(0)];
    const head = joined([u32(0x04034b50), ...common, name]);
    parts.push(head, body);
    const entry = joined([u32(0x02014b50), u16(20), ...common, u16(0), u16(0), u16(0), u32(0), u32(offset), name]);
    central.push(entry);
    offset += head.length + body.length;
    centralSize += entry.length;
  }
  const end = joined([u32(0x06054b50), u16(0), u16(0), u16(files.length), u16(files.length), u32(centralSize), u32(offset), u16(0)]);
  return new Blob([...parts, ...central, end]);
}

type Bytes = Uint8Array<ArrayBuffer>;

async function packed({ name, text }: ZipEntry) {
  const encoder = new TextEncoder();
  const plain = encoder.encode(text);
  const deflated = await deflate(plain);
  return {
    name: encoder.encode(name),
    method: deflated === null ? STORED : DEFLATED,
    crc: crc32(plain),
    body: deflated ?? plain,
    size: plain.length,
  };
}

/** `null` in browsers that cannot: then the file is larger, and as good. */
async function deflate(plain: Bytes): Promise<Bytes | null> {
  try {
    const stream = new Blob([plain]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    return null;
  }
}

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const u16 = (value: number): Bytes => new Uint8Array([value & 255, (value >>> 8) & 255]);
const u32 = (value: number): Bytes => new Uint8Array([value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255]);

function joined(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
