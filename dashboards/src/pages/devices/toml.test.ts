// What the form writes as TOML, and points put into a text that is there.
import { describe, expect, it } from "vitest";
import { deviceToml, emptyForm, faultBit, endpointOf, idFrom, idIn, quoted, withPoint } from "./toml";

describe("a device's text", () => {
  it("says what the form holds, and no more", () => {
    const form = { ...emptyForm, id: "meter", name: 'Đồng hồ "A"', profile: "tuf-2000m", address: "192.168.1.50", unit: "2" };
    expect(deviceToml(form)).toBe(
      '[[device]]\nid = "meter"\nname = "Đồng hồ \\"A\\""\nprofile = "tuf-2000m"\nendpoint = "tcp://192.168.1.50:502"\nunit_id = 2\npoll = "10s"\n',
    );
    expect(deviceToml({ ...form, profile: "", name: " ", points: "[[device.point]]\nid = \"a\"\n" })).toContain('adapter = "modbus"\n');
    expect(deviceToml({ ...form, unit: "2 x" })).toContain('unit_id = "2 x"');
    expect(quoted("a\n\\")).toBe('"a \\\\"');
  });
  it("names the line", () => {
    expect(endpointOf({ ...emptyForm, line: "tcp://a:1", address: "b" })).toBe("tcp://a:1");
    expect(endpointOf({ ...emptyForm, way: "rtu+tcp", address: "gw:4001" })).toBe("rtu+tcp://gw:4001");
    expect(endpointOf({ ...emptyForm, way: "serial", address: "/dev/ttyUSB0", parity: "even" })).toBe("serial:///dev/ttyUSB0?baud=9600&parity=even");
  });
  it("makes ids of names", () => {
    expect(idFrom("Đồng hồ nước 2")).toBe("dong-ho-nuoc-2");
    expect(idFrom("  ")).toBe("");
    expect(idIn("# c\n[[device]]\n  id = 'x-1'\n")).toBe("x-1");
  });
  it("takes one more point under a free id", () => {
    const device = '[[device]]\nid = "plc"\n\n[[device.point]]\nid = "ph"\n';
    const twice = withPoint(device, '[[device.point]]\nid = "ph"\naddress = 4\n');
    expect(twice).toBe(`${device}\n[[device.point]]\nid = "ph-2"\naddress = 4\n`);
    expect(withPoint(twice, '[[device.point]]\nid = "ph"\n')).toContain('id = "ph-3"');
    expect(withPoint("", '[[device.point]]\nid = "ph"\n')).toBe('[[device.point]]\nid = "ph"\n');
    const faults = withPoint(withPoint("", faultBit('Lỗi "1"')), faultBit("Lỗi 2"));
    expect(faults).toContain('id = "fault-2"\nname = "Lỗi 2"');
    expect(faults).toContain('alarm = { title = "Lỗi \\"1\\"", priority = "high" }');
  });
});
