// The texts of this page, added to those of the dashboard when its code comes.
import { addTexts } from "../../i18n";
import { enArriving } from "../../i18n/en.arriving";
import { viArriving } from "../../i18n/vi.arriving";

addTexts({ vi: viArriving, en: enArriving });
