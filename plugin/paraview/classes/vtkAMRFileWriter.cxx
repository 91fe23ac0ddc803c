// vtkAMRFileWriter.cxx - see vtkAMRFileWriter.h; the work is done by pvr_vtk_file.h.
#include "vtkAMRFileWriter.h"

#include "vtkPVRamsesFilter.h"
#include "vtkPVRamsesReading.h"
#include "vtkPVRamsesVtkFile.h"
#include "vtkPVRamsesVtkPieces.h"

#include "vtkDataObject.h"
#include "vtkDemandDrivenPipeline.h"
#include "vtkHyperTreeGrid.h"
#include "vtkImageData.h"
#include "vtkInformation.h"
#include "vtkInformationVector.h"
#include "vtkObjectFactory.h"
#include "vtkPolyData.h"
#include "vtkStreamingDemandDrivenPipeline.h"
#include "vtkUnstructuredGrid.h"

#include <cstdio>

vtkStandardNewMacro(vtkAMRFileWriter);

vtkAMRFileWriter::vtkAMRFileWriter() {
    this->SetNumberOfInputPorts(1);
    this->SetNumberOfOutputPorts(0);
}

vtkAMRFileWriter::~vtkAMRFileWriter() {
    this->SetFileName(nullptr);
}

int vtkAMRFileWriter::FillInputPortInformation(int, vtkInformation *info) {
    for (const char *type :
         {"vtkHyperTreeGrid", "vtkUnstructuredGrid", "vtkPolyData", "vtkImageData"})
        info->Append(vtkAlgorithm::INPUT_REQUIRED_DATA_TYPE(), type);
    return 1;
}

int vtkAMRFileWriter::Write() {
    if (this->GetNumberOfInputConnections(0) < 1) {
        vtkErrorMacro("There is nothing to write: no input.");
        return 0;
    }
    this->Report.clear();
    this->Modified(); // written again even if nothing changed: the file may be gone
    this->Update();
    return this->Report.empty() ? 0 : 1;
}

vtkTypeBool vtkAMRFileWriter::ProcessRequest(vtkInformation *request, vtkInformationVector **inputs,
                                             vtkInformationVector *outputs) {
    if (request->Has(vtkStreamingDemandDrivenPipeline::REQUEST_UPDATE_EXTENT()))
        return this->RequestUpdateExtent(inputs);
    if (request->Has(vtkDemandDrivenPipeline::REQUEST_DATA()))
        return this->RequestData(inputs);
    return this->Superclass::ProcessRequest(request, inputs, outputs);
}

int vtkAMRFileWriter::RequestUpdateExtent(vtkInformationVector **inputs) {
    vtkInformation *info = inputs[0]->GetInformationObject(0);
    info->Set(vtkStreamingDemandDrivenPipeline::UPDATE_NUMBER_OF_PIECES(), this->NumberOfPieces);
    info->Set(vtkStreamingDemandDrivenPipeline::UPDATE_PIECE_NUMBER(), this->StartPiece);
    info->Set(vtkStreamingDemandDrivenPipeline::UPDATE_NUMBER_OF_GHOST_LEVELS(), 0);
    return 1;
}

int vtkAMRFileWriter::RequestData(vtkInformationVector **inputs) {
    vtkDataObject *input = vtkDataObject::GetData(inputs[0]);
    const pvr_threads threads = vtkPVRamsesFilter::Threads(this->MaxThreads);
    pvr_vtk_options options = pvr_vtk_options();
    options.compressor = static_cast<pvr_vtk_compressor>(this->Compressor);
    options.level = this->CompressionLevel;
    pvr_error error;
    pvr_error_clear(&error);
    pvr_vtk_statistics statistics = pvr_vtk_statistics();

    vtkPVRamsesVtkPieces names;
    pvr_status status =
        names.Make(this->FileName, input, this->NumberOfPieces, this->StartPiece, error);
    vtkPVRamsesVtkFile file;
    if (status == PVR_OK) {
        this->SetProgressText("Writing");
        options.may_commit = [](void *context) {
            return static_cast<vtkPVRamsesVtkPieces *>(context)->Agree(true);
        };
        options.context = &names;
        if (names.Writes())
            status = file.Write(input, names.Path(), options, threads,
                                vtkPVRamsesFilter::TellProgress, this, statistics, error);
        names.Finish(status);
        status = names.WriteList(input, status, error);
    }
    // (of all ranks, whatever became of this one's piece)
    const vtkPVRamsesRanks ranks(
        this->NumberOfPieces > 1 ? vtkMultiProcessController::GetGlobalController() : nullptr);
    std::string report = vtkPVRamsesRanksText(ranks, 1e-9 * static_cast<double>(statistics.wall_ns),
                                              static_cast<double>(statistics.bytes_out), "written");
    if (!report.empty())
        report += "\nthis rank (" + std::to_string(ranks.Rank()) + "): ";
    if (status == PVR_OK) {
        char text[512];
        snprintf(text, sizeof text,
                 "%s: %.4g MB as %.4g MB (ratio %.3g) in %.3g s with %d threads; all threads: "
                 "making values %.3g s, compressing %.3g s, writing %.3g s; to the disk %.3g s",
                 names.Path().c_str(), 1e-6 * static_cast<double>(statistics.bytes_in),
                 1e-6 * static_cast<double>(statistics.bytes_out), pvr_vtk_ratio(&statistics),
                 1e-9 * static_cast<double>(statistics.wall_ns), statistics.report.threads,
                 1e-9 * static_cast<double>(statistics.fill_ns),
                 1e-9 * static_cast<double>(statistics.compress_ns),
                 1e-9 * static_cast<double>(statistics.write_ns),
                 1e-9 * static_cast<double>(statistics.commit_ns));
        this->Report = report + text;
    }
    pvr_report_free(&statistics.report);
    if (status != PVR_OK && status != PVR_CANCELLED)
        vtkErrorMacro(<< error.message);
    return status == PVR_OK || status == PVR_CANCELLED ? 1 : 0;
}

void vtkAMRFileWriter::PrintSelf(ostream &os, vtkIndent indent) {
    this->Superclass::PrintSelf(os, indent);
    os << indent << "FileName: " << (this->FileName ? this->FileName : "(none)") << "\n"
       << indent << "Compressor: " << this->Compressor << "\n"
       << indent << "CompressionLevel: " << this->CompressionLevel << "\n"
       << indent << "MaxThreads: " << this->MaxThreads << "\n"
       << indent << "Report: " << this->Report << "\n";
}
