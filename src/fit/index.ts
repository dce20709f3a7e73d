/**
 * From a folder of images to a tested network within a time, with the controls that say whether searching helped.
 * @module
 */
export { BudgetError, budgetOfSeconds, secondsOfBudget } from './budget.js';
export { type FitEnd, type FitEvent, type FitRequest, fit, preparedFit, resumeFit, USUAL_BUDGET } from './fit.js';
export { FIT_SEARCH, type FitOptions } from './plan.js';
