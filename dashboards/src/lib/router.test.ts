// Addresses of pages, and where a login may lead.
import { describe, expect, it } from "vitest";
import { match, safeNext } from "./router";

describe("addresses", () => {
  it("are matched part by part", () => {
    expect(match("/sites/:id", "/sites/tam-hop-water")).toEqual({ id: "tam-hop-water" });
    expect(match("/sites/:id", "/sites")).toBeNull();
    expect(match("/sites", "/sites/")).toEqual({});
  });
  it("to go back to after the login are only ours", () => {
    expect(safeNext("/sites/a?day=2026-11-22")).toBe("/sites/a?day=2026-11-22");
    for (const foreign of ["//evil.example", "/\\evil.example", "https://evil.example", "/login?next=/", null]) {
      expect(safeNext(foreign)).toBe("/");
    }
  });
});
