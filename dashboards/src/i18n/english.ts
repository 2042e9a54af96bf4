// Adds the first page's English texts. Vietnamese is there from the start; these come when they are first wanted, or with
// the texts of later pages.
import { en } from "./en";
import { addTexts } from "./index";

addTexts({ vi: {}, en });
