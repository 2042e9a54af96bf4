// Adds the texts of pages that are loaded when asked for. app.tsx has it loaded with each of them; nothing of the first load
// may need them (i18n.test.ts holds that).
import { enLater } from "./en.later";
import "./english";
import { addTexts } from "./index";
import { viLater } from "./vi.later";

addTexts({ vi: viLater, en: enLater });
