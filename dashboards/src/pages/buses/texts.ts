// The texts of these pages, added to those of the dashboard when their code comes.
import { addTexts } from "../../i18n";
import { enBuses } from "../../i18n/en.buses";
import { viBuses } from "../../i18n/vi.buses";

addTexts({ vi: viBuses, en: enBuses });
