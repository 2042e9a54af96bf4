// What the words of the field mean, in English.
import type { viTerms } from "./vi.terms";

export const enTerms: Record<keyof typeof viTerms, string> = {
  "term.ph": "pH: below 7 is acid, above 7 alkaline.",
  "term.turbidity": "Turbidity (NTU): the higher, the cloudier the water.",
  "term.colour": "Colour (TCU): the higher, the more stained the water.",
  "term.free_chlorine": "Free chlorine: what is left in the water to kill germs.",
  "term.salts": "Conductivity, total dissolved solids: high means many salts in the water.",
  "term.dissolved_oxygen": "Dissolved oxygen: low means dirty or standing water.",
  "term.orp": "Redox potential: high means that the water kills germs well.",
  "term.nitrogen": "Ammonium, nitrate: high means that sewage or fertiliser may be in the water.",
  "term.organic": "COD, BOD: high means much organic matter in the water.",
  "term.tss": "Suspended solids: what has not settled in the water.",
  "term.waste": "H₂S, NH₃, CH₄: gases from waste; H₂S and NH₃ are poisonous, CH₄ burns.",
  "term.dust": "PM2.5, PM10: fine dust that reaches the lungs.",
  "term.fumes": "SO₂, NO₂, CO, O₃: poisonous gases from burning, traffic and strong sun.",
  "term.wifi": "Channel utilisation: the share of time the Wi-Fi channel is busy. Round-trip time: how long data take there and back. Packet loss: data lost on the way. High means a poor network.",
  "term.limit": "QCVN: Vietnam’s national technical regulations, which set the limits.",
  "term.unverified": "Unverified: the figure has not been compared with the printed text.",
  "term.reference": "For reference: from a low-cost sensor; proves nothing before a regulation.",
  "term.marks": "Suspect: looks wrong, still counted. Fail: cannot be true. Calibrating: measured during maintenance. The last two are not counted.",
  "term.completeness": "Completeness: the share of the expected readings that came.",
  "term.statistics": "Median: half of the readings are lower. 95 % at most: only 5 % are higher.",
};
