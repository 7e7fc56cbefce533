/**
 * Zip files whose bytes depend on their contents alone: sorted names, one fixed date, one mode, UTF-8 names. Below 4 GB
 * and 65,535 entries, which is all a function app needs. Format: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'

export interface ZipEntry {
  /** Path inside the zip, with forward slashes. */
  name: string
  data: Buffer
}

const localHeader = 0x04034b50
const centralHeader = 0x02014b50
const endOfCentral = 0x06054b50
const utf8Names = 0x0800
const deflated = 8
const needs = 20
const madeByUnix = (3 << 8) | needs
// 1 January 1980, the first day a zip can name.
const dosDate = (1 << 5) | 1
const regularFile = (0o100644 << 16) >>> 0

/** Throws on a name that would leave the folder it is unpacked into, and on a name given twice. */
export function writeZip(entries: ZipEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
  const names = new Set<string>()
  const parts: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, data } of sorted) {
    checkName(name)
    if (names.has(name)) throw new Error(`zip: "${name}" is there twice`)
    names.add(name)
    const nameBytes = Buffer.from(name)
    const packed = deflateRawSync(data, { level: 9 })
    const common = Buffer.alloc(26)
    common.writeUInt16LE(needs, 0)
    common.writeUInt16LE(utf8Names, 2)
    common.writeUInt16LE(deflated, 4)
    common.writeUInt16LE(dosDate, 8)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    parts.push(uint32(localHeader), common, nameBytes, packed)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(regularFile, 6)
    tail.writeUInt32LE(offset, 10)
    central.push(uint32(centralHeader), uint16(madeByUnix), common, tail, nameBytes)
    offset += 4 + common.length + nameBytes.length + packed.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(sorted.length, 4)
  end.writeUInt16LE(sorted.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, directory, uint32(endOfCentral), end])
}

/** Reads a zip without a comment, as `writeZip` makes it. Throws when an entry's bytes do not fit its checksum. */
export function readZip(zip: Buffer): ZipEntry[] {
  const end = zip.length - 22
  if (end < 0 || zip.readUInt32LE(end) !== endOfCentral) throw new Error('zip: no end record; the file is cut short')
  const entries: ZipEntry[] = []
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== centralHeader) throw new Error('zip: the directory is damaged')
    const nameLength = zip.readUInt16LE(at + 28)
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    checkName(name)
    const local = zip.readUInt32LE(at + 42)
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const data = inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20)))
    if (crc32(data) !== zip.readUInt32LE(at + 16)) throw new Error(`zip: "${name}" does not fit its checksum`)
    entries.push({ name, data })
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return entries
}

function checkName(name: string): void {
  if (name === '' || name.startsWith('/') || name.includes('\\') || name.split('/').includes('..'))
    throw new Error(`zip: "${name}" is no path inside the zip`)
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
