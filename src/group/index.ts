export { alone, averaged, type Group, joinGroup, PeerError } from './group.js';
export { firstHost, type Launch, launchOf, OWN } from './launch.js';
export { canShare, shareOf, shareProblem } from './share.js';
