// The terms of a page are those of its own points, once, in the language of the page.
import { afterEach, expect, it } from "vitest";
import { vi as firstVi } from "../i18n/vi";
import { lang } from "../i18n";
import { Help } from "./Help";
import Terms from "./Terms";
import { sampleLimit, samplePoint } from "./samples";
import { show } from "./testing";

const MARKS = ["Nghi ngờ", "Không đạt", "Đang hiệu chuẩn"];
const told = (host: HTMLElement) => [...host.querySelectorAll("li")].map((item) => item.textContent.split(":")[0]);

afterEach(() => {
  lang.value = "vi";
});

it("tells what the points of a page measure, and of limits only where there are some", () => {
  const plain = { limit: null, limits: [] };
  const points = [
    samplePoint({ quantity: "turbidity", limits: [sampleLimit({ status: "verified" })] }),
    samplePoint({ quantity: "turbidity", ...plain }),
    samplePoint({ quantity: "flow", ...plain }),
    samplePoint({ quantity: "pm10", ...plain, reference: true }),
    samplePoint({ quantity: "pm2_5", ...plain }),
  ];
  expect(told(show(<Terms words={[]} points={points} />))).toEqual(["Độ đục (NTU)", "PM2.5, PM10", "QCVN", "Tham khảo", ...MARKS]);
  expect(told(show(<Terms words={["median"]} points={[]} />))).toEqual([...MARKS, "Trung vị"]);
  lang.value = "en";
  expect(told(show(<Terms words={[]} points={[samplePoint()]} />)).slice(0, 3)).toEqual(["Free chlorine", "QCVN", "Unverified"]);
});

it("comes when the help is opened, and not before", async () => {
  const host = show(<Help text="Vì sao" words={[]} points={[samplePoint()]} />);
  expect(host.querySelector("summary")?.textContent).toBe(firstVi["help.open"]);
  expect(told(host)).toEqual([]);
  const details = host.querySelector("details");
  if (details !== null) details.open = true;
  details?.dispatchEvent(new Event("toggle"));
  await expect.poll(() => told(host)).toContain("Clo dư tự do");
});
