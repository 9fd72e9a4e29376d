// peer.js PEER FILE: moment-business-time or opening_hours at the work of workload.sql. Reads the
// document from standard input, writes answers (peer,hours,operation,input,answer) to FILE, prints
// peer,hours,operation,ns. The zone is that of the process (TZ).
const fs = require('fs');

const [peer, file] = process.argv.slice(2);
const library = require(peer);
const work = JSON.parse(fs.readFileSync(0));
const answers = [];

function measure(hours, operation, compute) {
    work.inputs.slice(0, 100).forEach(compute);
    const started = process.hrtime.bigint();
    const results = work.inputs.map(compute);
    const ns = Number(process.hrtime.bigint() - started) / results.length;
    console.log([peer, hours, operation, Math.round(ns)].join());
    results.forEach((result, i) => {
        answers.push([peer, hours, operation, work.inputs[i][0], result].join() + '\n');
    });
}

// Sunday first
const week = hours => [7, 1, 2, 3, 4, 5, 6].map(day => work.hours[hours][day] || []);

const peers = {
    'moment-business-time': hours => {
        const moment = require('moment');
        moment.updateLocale('en', {
            workinghours: week(hours).map(spans =>
                spans.length ? spans.flatMap(span => span.split('-')) : null),
            holidays: work.closed,
        });
        measure(hours, 'add', ([, from]) =>
            moment(from * 1000).addWorkingTime(9, 'hours').unix());
        measure(hours, 'between', ([, from, to]) =>
            moment(to * 1000).workingDiff(moment(from * 1000), 'seconds', true));
    },

    // It has no addition: the way its manual walks through openings.
    opening_hours: hours => {
        const days = ['Su', 'Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa'];
        const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct',
            'Nov', 'Dec'];
        const rules = week(hours)
            .map((spans, day) => spans.length ? `${days[day]} ${spans.join()}` : null)
            .filter(rule => rule !== null)
            .concat(work.closed.map(date => {
                const [year, month, day] = date.split('-');
                return `${year} ${months[month - 1]} ${day} off`;
            }));
        const calendar = new library(rules.join('; '), null);
        measure(hours, 'add', ([, start]) => {
            const iterator = calendar.getIterator(new Date(start * 1000));
            let left = 9 * 3600 * 1000;
            let from = start * 1000;
            for (;;) {
                const open = iterator.getState();
                if (!iterator.advance()) {
                    return NaN;
                }
                const to = iterator.getDate().getTime();
                if (open && to - from >= left) {
                    return (from + left) / 1000;
                }
                left -= open ? to - from : 0;
                from = to;
            }
        });
        measure(hours, 'between', ([, from, to]) =>
            calendar.getOpenDuration(new Date(from * 1000), new Date(to * 1000))[0] / 1000);
    },
};

Object.keys(work.hours).sort().forEach(peers[peer]);
fs.writeFileSync(file, answers.join(''));
