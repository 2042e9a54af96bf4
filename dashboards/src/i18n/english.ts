// Adds the first page's English texts. Vietnamese is there from the start; these come when they are first wanted, or with
// the texts of later pages.
import { en } from "./en";
import { addTexts } from "./index";
import { vi } from "./vi";

addTexts({ vi, en });
