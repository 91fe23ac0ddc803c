// vtkPVRamsesConsumers.cxx - see vtkPVRamsesConsumers.h.
#include "vtkPVRamsesConsumers.h"

#include "vtkPVRamsesRanks.h"

#include "vtkAlgorithm.h"
#include "vtkAlgorithmOutput.h"
#include "vtkExecutive.h"
#include "vtkInformation.h"
#include "vtkInformationExecutivePortVectorKey.h"
#include "vtkPVSessionBase.h"
#include "vtkProcessModule.h"
#include "vtkSISourceProxy.h"

vtkPVRamsesConsumers::vtkPVRamsesConsumers(const vtkPVRamsesRanks &ranks) {
    vtkProcessModule *processes = vtkProcessModule::GetProcessModule();
    auto *session = vtkPVSessionBase::SafeDownCast(processes ? processes->GetSession() : nullptr);
    const double next = ranks.Most(session ? session->GetNextGlobalUniqueIdentifier() : 0.0);
    for (vtkTypeUInt32 id = 1; session && id < next; ++id) {
        auto *proxy = vtkSIProxy::SafeDownCast(session->GetSIObject(id));
        auto *algorithm = vtkAlgorithm::SafeDownCast(proxy ? proxy->GetVTKObject() : nullptr);
        if (!algorithm)
            continue;
        this->Alive.insert(algorithm->GetExecutive());
        auto *source = vtkSISourceProxy::SafeDownCast(proxy);
        for (int port = 0; source && port < algorithm->GetNumberOfOutputPorts(); ++port) {
            if (vtkAlgorithmOutput *behind = source->GetOutputPort(port))
                this->Alive.insert(behind->GetProducer()->GetExecutive());
        }
    }
}

std::vector<vtkExecutive *> vtkPVRamsesConsumers::Of(vtkInformation *output) const {
    vtkExecutive **consumers = vtkExecutive::CONSUMERS()->GetExecutives(output);
    std::vector<vtkExecutive *> found;
    for (int i = 0; i < vtkExecutive::CONSUMERS()->Length(output); ++i) {
        if (this->Alive.count(consumers[i]) > 0)
            found.push_back(consumers[i]);
    }
    return found;
}

bool vtkPVRamsesConsumers::Draw(vtkInformation *output, const vtkPVRamsesRanks &ranks) {
    return ranks.Size() > 1 && ranks.Any(vtkPVRamsesConsumers(ranks).AreViews(output));
}

bool vtkPVRamsesConsumers::AreViews(vtkInformation *output) const {
    for (vtkExecutive *consumer : this->Of(output)) {
        if (consumer->GetAlgorithm()->IsA("vtkPVDataRepresentation"))
            return true;
        for (int port = 0; port < consumer->GetNumberOfOutputPorts(); ++port) {
            if (this->AreViews(consumer->GetOutputInformation(port)))
                return true;
        }
    }
    return false;
}
