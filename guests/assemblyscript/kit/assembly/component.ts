// What the component says of itself. The transform puts what the project's package.json has in
// place of these texts.

/** The component's name. */
export const NAME: string = "";
/** Its version. */
export const VERSION: string = "";
/** What its functions are for. */
export const DESCRIPTION: string = "";
/** Who answers for it; may be empty. */
export const AUTHOR: string = "";
