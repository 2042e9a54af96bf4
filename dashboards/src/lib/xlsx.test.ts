// Workbooks are opened by another program in the browser tests (openpyxl); here, what a reader of the bytes can see.
import { describe, expect, it } from "vitest";
import { workbook } from "./xlsx";
import { crc32, zip } from "./zip";

const bytes = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

describe("a ZIP archive", () => {
  it("has the checksum that everybody else computes", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  it("begins with an entry and ends with its directory", async () => {
    const found = new DataView((await bytes(await zip([{ name: "ô.txt", text: "nước" }]))).buffer);
    expect(found.getUint32(0, true)).toBe(0x04034b50);
    expect(found.getUint32(found.byteLength - 22, true)).toBe(0x06054b50);
    expect(found.getUint16(found.byteLength - 12, true)).toBe(1);
  });
});

describe("a workbook", () => {
  it("is an archive of Excel's media type, larger with more rows", async () => {
    const sheet = (rows: number) => ({
      name: "Số liệu [1]",
      above: ["Xã <Tam Hợp>"],
      columns: [{ head: "Thời gian", type: { kind: "time" } as const, width: 20 }, { head: "pH", type: { kind: "number", decimals: 2 } as const, width: 10 }],
      rows: Array.from({ length: rows }, (_, index) => [index * 60_000, index % 3 === 0 ? null : 7 + index / 100]),
    });
    const [small, large] = [await workbook([sheet(1)]), await workbook([sheet(1_000)])];
    expect(small.type).toContain("spreadsheetml.sheet");
    expect(large.size).toBeGreaterThan(small.size);
  });
});
