/**
 * Runs for dashboards of others, made from run folders alone: TensorBoard's event files, and MLflow.
 * @module
 */
export { logToMlflow, type MlflowOptions } from './mlflow.js';
export { type LoggedRun, type Moment, momentsOf, type Scalar } from './scalars.js';
export { hasEventFile, openEventFile, readLogged, writeEventFile } from './tensorboard.js';
