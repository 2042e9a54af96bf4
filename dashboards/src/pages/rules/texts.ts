// The texts of the pages of rules: each of these pages has this file among its first imports.
import { addTexts } from "../../i18n";
import { enRules } from "../../i18n/en.rules";
import { viRules } from "../../i18n/vi.rules";

addTexts({ vi: viRules, en: enRules });
