// The texts of these pages, added to those of the dashboard when their code comes.
import { addTexts } from "../../i18n";
import { enDevices } from "../../i18n/en.devices";
import { viDevices } from "../../i18n/vi.devices";

addTexts({ vi: viDevices, en: enDevices });
